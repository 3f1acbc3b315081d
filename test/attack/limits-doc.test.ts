/** docs/limits.md states the limits that the sources have: each row is compared with the constants behind it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

type Unit = 'bytes' | 'ms' | 'count';
type Constant = readonly [file: string, name: string, unit: Unit];

/** The constants of a row, in the order of its limits, by the beginning of what it is about. */
const behind: Readonly<Record<string, readonly Constant[]>> = {
  'a line': [['parser/line-limit.ts', 'bufferSize', 'bytes']],
  'a Dockerfile of `build`': [['cli/build/context.ts', 'MAX_DOCKERFILE_BYTES', 'bytes']],
  'a Dockerfile of `check`': [['offline/build-context.ts', 'maxDockerfileBytes', 'bytes']],
  'a word with': [['parser/words.ts', 'maxExpanded', 'bytes']],
  'growth of all words': [['parser/words.ts', 'characters', 'bytes']],
  'nesting of substitutions': [['parser/words.ts', 'maxDepth', 'count']],
  'comparisons for': [['parser/words.ts', 'comparisons', 'count']],
  'pairs of names': [['check/linter.ts', 'MAX_COMPARISONS', 'count']],
  'ports of one': [['lower/dispatch/expose.ts', 'MAX_PORTS', 'count']],
  'lines that the places': [
    ['gateway/errors.ts', 'MAX_LISTED_LINES', 'count'],
    ['gateway/errors.ts', 'maxPlaces', 'count'],
  ],
  'instructions that ONBUILD': [['lower/triggers.ts', 'maxTriggers', 'count']],
  'text of all histories': [['lower/history.ts', 'characters', 'bytes']],
  'ops of a graph': [['llb/marshal.ts', 'maxBytes', 'bytes']],
  'lines that the ops': [
    ['llb/source-map.ts', 'maxRanges', 'count'],
    ['llb/source-map.ts', 'maxFurtherRanges', 'count'],
  ],
  'lines that an error': [['gateway/errors.ts', 'maxErrorLines', 'count']],
  'lines of all warnings': [
    ['gateway/warn.ts', 'maxLines', 'count'],
    ['gateway/warn.ts', 'maxFurtherLines', 'count'],
  ],
  'copies of the Dockerfile': [['gateway/warn.ts', 'maxSourceBytes', 'bytes']],
  'the answer of `frontend.lint`': [
    ['rpc/framing.ts', 'MAX_MESSAGE_BYTES', 'bytes'],
    ['gateway/subrequests/lint.ts', 'maxListed', 'count'],
    ['gateway/subrequests/lint.ts', 'maxLines', 'count'],
  ],
  'errors and warnings': [['cli/report.ts', 'MAX_SHOWN', 'count']],
  'warnings that are shown': [['client/progress/source.ts', 'MAX_WARNINGS', 'count']],
  'what is allowed and': [['check/oddities.ts', 'maxFound', 'count']],
  'errors with a hint': [['parser/explain-diagnostics.ts', 'maxExplained', 'count']],
  'files looked at for CR LF': [
    ['offline/carriage-returns.ts', 'maxFiles', 'count'],
    ['offline/carriage-returns.ts', 'startBytes', 'count'],
  ],
  'names of a context': [['offline/context-names.ts', 'maxNames', 'count']],
  'lines of a problem': [
    ['parser/code-frame.ts', 'maxLines', 'count'],
    ['parser/code-frame.ts', 'maxWidth', 'count'],
    ['parser/code-frame.ts', 'maxMessage', 'count'],
  ],
  'lines that are quoted by `build`': [
    ['client/progress/source.ts', 'MAX_QUOTED_LINES', 'count'],
    ['client/progress/source.ts', 'MAX_LINE', 'count'],
  ],
  'an http request without': [['image/http-request.ts', 'patienceMs', 'ms']],
  'attempts of': [['image/http-request.ts', 'attempts', 'count']],
  'bytes a second': [['image/http-request.ts', 'minRate', 'count']],
  'an http request, all': [['image/http-request.ts', 'totalMs', 'ms']],
  'a token of a registry': [['image/registry-token.ts', 'maxTotalMs', 'ms']],
  redirects: [['image/http-request.ts', 'maxRedirects', 'count']],
  'the answer of a token service': [['image/registry-token.ts', 'maxAnswerBytes', 'bytes']],
  'a manifest; an image config': [
    ['image/manifest.ts', '{ manifest', 'bytes'],
    ['image/manifest.ts', ' config', 'bytes'],
  ],
  'entries of an index': [
    ['image/manifest.ts', 'maxEntries', 'count'],
    ['image/manifest.ts', 'maxNesting', 'count'],
  ],
  'levels of a manifest': [['image/manifest.ts', 'maxDepth', 'count']],
  'a table of images': [['cli/build-options.ts', 'MAX_IMAGES_BYTES', 'bytes']],
  'the index of a layout': [['client/session/oci-layout.ts', 'MAX_JSON_BYTES', 'bytes']],
  'a file or an archive from the web': [['offline/remote-sources.ts', 'maxDownload', 'bytes']],
  'what an archive unpacks to': [
    ['gateway/decompress.ts', 'maxPlainBytes', 'bytes'],
    ['gateway/decompress.ts', 'maxFrames', 'count'],
    ['gateway/decompress.ts', 'maxXzMemory', 'bytes'],
  ],
  'fetching a git': [['offline/git-checkout.ts', 'TIMEOUT_MS', 'ms']],
  'asking git': [['cli/build/git.ts', 'TIMEOUT_MS', 'ms']],
  'links on the way': [['system/read-inside.ts', 'MAX_LINKS', 'count']],
  'a credential helper': [
    ['image/docker-config.ts', 'HELPER_TIMEOUT_MS', 'ms'],
    ['image/docker-config.ts', 'HELPER_OUTPUT_BYTES', 'bytes'],
  ],
  'output of another program': [
    ['system/program.ts', 'DEFAULT_OUTPUT_BYTES', 'bytes'],
    ['system/program.ts', 'STDERR_BYTES', 'bytes'],
  ],
  'a program that was told': [['system/program.ts', 'GRACE_MS', 'ms']],
  'a compiled graph': [['cli/build/solve-file.ts', 'MAX_INPUT_BYTES', 'bytes']],
  'Docker’s configuration': [['system/named-file.ts', 'maxSettingsBytes', 'bytes']],
  'a secret': [['client/session/secrets.ts', 'MAX_SECRET_BYTES', 'bytes']],
  'a message of an SSH agent': [
    ['client/session/ssh-agent.ts', 'MAX_MESSAGE_BYTES', 'bytes'],
    ['client/session/ssh-keys.ts', 'MAX_KEY_BYTES', 'bytes'],
  ],
  'a message of a call': [['rpc/framing.ts', 'MAX_MESSAGE_BYTES', 'bytes']],
  'headers of a call': [['rpc/hpack.ts', 'MAX_HEADER_BYTES', 'bytes']],
  'headers of all calls': [['rpc/http2-server.ts', 'MAX_HEADERS_BYTES', 'bytes']],
  'calls of a session': [
    ['rpc/http2-server.ts', 'MAX_STREAMS', 'count'],
    ['rpc/http2-server.ts', 'MAX_WAITING_BYTES', 'bytes'],
  ],
  connecting: [['client/connect.ts', 'options.timeout ??', 'ms']],
  'connections to one daemon': [['rpc/channel.ts', 'MAX_CONNECTIONS', 'count']],
  'silence of a daemon in': [['client/connect/patience.ts', 'PATIENCE_MS', 'ms']],
  'silence of a Docker engine': [['client/connect/patience.ts', 'PATIENCE_MS', 'ms']],
  'the first answer to the frontend': [
    ['gateway/grpc-bridge.ts', 'pingTimeoutMs', 'ms'],
    ['client/in-process-frontend.ts', 'BEGIN_MS', 'ms'],
  ],
  'a daemon that only has to look': [['client/connect.ts', 'ANSWER_MS', 'ms']],
  'silence of a daemon that runs': [['rpc/unary.ts', 'SILENCE_MS', 'ms']],
  'a daemon that only has to note': [['gateway/grpc-bridge.ts', 'noteTimeoutMs', 'ms']],
  'reports after the end': [
    ['client/solve.ts', 'STATUS_GRACE_MS', 'ms'],
    ['client/solve.ts', 'STATUS_LIMIT_MS', 'ms'],
  ],
  'records of builds': [
    ['client/daemon.ts', 'MAX_RECORDS', 'count'],
    ['client/daemon.ts', 'MAX_BLOB_BYTES', 'bytes'],
  ],
  'files of an export': [
    ['client/fsutil/receiver.ts', 'REQUESTS', 'count'],
    ['client/fsutil/receive.ts', 'WRITE_AHEAD_BYTES', 'bytes'],
  ],
  'lines of a step’s output': [
    ['client/status.ts', 'LOG_LINES', 'count'],
    ['client/status.ts', 'LINE_LENGTH', 'count'],
  ],
  'output of a container': [['client/container.ts', 'UNREAD_BYTES', 'bytes']],
  'after a second signal': [['cli/interrupt.ts', 'HURRY_MS', 'ms']],
};

/** The number that a source file gives a name: `NAME = 16 << 20`, `NAME: 500_000`, `name ?? 8000`. */
function numberOf(file: string, name: string): number {
  const escaped = name.replace(/[.?{]/g, '\\$&');
  const found = new RegExp(`(?<!\\w)${escaped}\\s*[=:]?\\s*(\\d[\\d_]*(?: (?:<<|\\*\\*?) \\d[\\d_]*)*)`).exec(
    read(`src/${file}`),
  );
  if (!found) throw new Error(`src/${file} has no number ${name}`);
  return runInNewContext(found[1]!) as number;
}

function shown(value: number, unit: Unit): string {
  if (unit === 'count') return value.toLocaleString('en-US');
  if (unit === 'ms') return value > 120_000 ? `${value / 60_000} min` : `${value / 1000} s`;
  const power = Math.min(3, Math.floor(Math.log2(value) / 10 + 0.001));
  return `${value / 2 ** (10 * power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

const rows = read('docs/limits.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (what +\||-)/.test(line))
  .map(
    (line) => line.split(/(?<!\\) *\| */).slice(1, -1) as [what: string, limit: string, beyond: string, change: string],
  );

test.each(rows)('%s: %s', (what, limit, beyond) => {
  expect(beyond).not.toBe('');
  if (what === 'JSON of a graph') return; // V8 decides
  const [key, ...others] = Object.keys(behind).filter((name) => what.replace("'", '’').startsWith(name));
  expect([key, others]).toEqual([expect.any(String), []]);
  expect(limit).toBe(behind[key!]!.map(([file, name, unit]) => shown(numberOf(file, name), unit)).join('; '));
});

test('each constant has a row', () => {
  const missing = Object.keys(behind).filter((name) => !rows.some(([what]) => what.replace("'", '’').startsWith(name)));
  expect(missing).toEqual([]);
});
