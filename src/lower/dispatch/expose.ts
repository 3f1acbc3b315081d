import { checkExposeInvalidFormat } from '../../buildkit-rules/rules/expose-invalid-format.ts';
import { checkExposeProtoCasing } from '../../buildkit-rules/rules/expose-proto-casing.ts';
import { parseIP } from '../../go/net.ts';
import { formatList, quote } from '../../go/quote.ts';
import { parseInteger } from '../../go/strconv.ts';
import { toLower } from '../../go/unicode.ts';
import type { ExposeInstruction } from '../../parser/ast.ts';
import { commit, type Dispatch, dispatchError, tryPart } from './instruction.ts';

/** Maximum number of ports: a word of seven characters can mean 65,535 ports, and the history names each. */
const maxPorts = 1_000_000;

/**
 * EXPOSE adds ports to the image config: `[[ip:]hostPort:]port[-port][/protocol]`. The parts for the host have no
 * effect.
 */
export function dispatchExpose(dispatch: Dispatch, instruction: ExposeInstruction): void {
  const { lowering, stage } = dispatch;
  const env = stage.result.state.env();
  const words = instruction.ports.flatMap((word, index) => {
    const range = instruction.portRanges[index]!;
    const expanded = tryPart(dispatch, range, 'bad-port', () => lowering.expanders.word.processWords(word, env));
    return expanded?.map((text) => ({ text, range })) ?? [];
  });
  const ports: string[] = [];
  for (const { text, range } of words) {
    for (const port of tryPart(dispatch, range, 'bad-port', () => parsePorts(text, dispatch)) ?? []) ports.push(port);
    if (ports.length > maxPorts) throw dispatchError('bad-port', `EXPOSE names more than ${maxPorts} ports`);
  }
  const exposed = (stage.result.image.config.exposedPorts ??= new Set());
  for (const port of ports) exposed.add(port);
  commit(dispatch, `EXPOSE ${formatList(ports)}`);
}

/** The ports of one word as `port/protocol`. */
function parsePorts(word: string, { linter, place }: Dispatch): string[] {
  const { ip, hostPort, containerPort } = splitParts(word);
  const { port, protocol } = splitProtocol(word, containerPort);
  checkExposeProtoCasing(linter, place, word, protocol);
  checkExposeInvalidFormat(linter, place, word, { ip, hostPort });
  checkIp(ip);

  const range = parseRange(port, 'containerPort');
  if (hostPort !== '') {
    const host = parseRange(hostPort, 'hostPort');
    const size = range.end - range.start;
    // A range of host ports may be given for one port of the container.
    if (size !== 0 && size !== host.end - host.start)
      throw dispatchError('bad-port', `invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
  }
  const ports: string[] = [];
  for (let n = range.start; n <= range.end; n++) ports.push(`${n}/${toLower(protocol)}`);
  return ports;
}

function splitParts(word: string): { ip: string; hostPort: string; containerPort: string } {
  const parts = word.split(':');
  const containerPort = parts.pop()!;
  const hostPort = parts.pop() ?? '';
  return { ip: parts.join(':'), hostPort, containerPort };
}

function splitProtocol(word: string, text: string): { port: string; protocol: string } {
  const slash = text.indexOf('/');
  const port = slash < 0 ? text : text.slice(0, slash);
  const protocol = (slash < 0 ? '' : text.slice(slash + 1)) || 'tcp';
  const problem =
    port === ''
      ? 'no port specified'
      : ['tcp', 'udp', 'sctp'].includes(toLower(protocol))
        ? undefined
        : `invalid proto: ${protocol}`;
  if (problem !== undefined) throw dispatchError('bad-port', `invalid port: ${quote(word)}: ${problem}`);
  return { port, protocol };
}

function checkIp(ip: string): void {
  const address = ip.startsWith('[') ? withoutBrackets(ip) : ip;
  if (address !== '' && parseIP(address) === undefined)
    throw dispatchError('bad-port', `invalid IP address: ${address}`);
}

/** An IPv6 address without its brackets; the errors are those of Go's net.SplitHostPort. */
function withoutBrackets(ip: string): string {
  const end = ip.indexOf(']');
  const problem =
    end < 0
      ? "missing ']' in address"
      : end < ip.length - 1
        ? ip[end + 1] === ':'
          ? 'too many colons in address'
          : 'missing port in address'
        : ip.includes('[', 1)
          ? "unexpected '[' in address"
          : undefined;
  if (problem !== undefined) throw dispatchError('bad-port', `invalid IP address ${ip}: address ${ip}:: ${problem}`);
  return ip.slice(1, end);
}

function parseRange(text: string, what: string): { start: number; end: number } {
  const dash = text.indexOf('-');
  const start = parsePort(dash < 0 ? text : text.slice(0, dash));
  const end = dash < 0 ? start : parsePort(text.slice(dash + 1));
  if (start === undefined || end === undefined || end < start)
    throw dispatchError('bad-port', `invalid ${what}: ${text}`);
  return { start, end };
}

function parsePort(text: string): number | undefined {
  try {
    const port = Number(parseInteger(text, 10, 64));
    return port >= 0 && port <= 65535 ? port : undefined;
  } catch {
    return undefined;
  }
}
