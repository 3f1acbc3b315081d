/** Docker's HTTP API: finding out whether it answers, and turning a request into a byte stream. */
import type { Duplex } from 'node:stream';

const maxHeadBytes = 64 << 10;

/**
 * Sends `POST path` with `Upgrade: h2c` and resolves with the connection once the daemon has agreed.
 * @throws Error with the daemon's answer when it has not
 */
export async function upgrade<C extends Duplex>(
  connection: C,
  path: string,
  headers: Readonly<Record<string, readonly string[]>>,
  signal: AbortSignal,
): Promise<C> {
  const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
  for (const line of lines) if (/[\r\n]/.test(line)) throw new Error('a header must not contain line breaks');
  connection.write(
    [`POST ${path} HTTP/1.1`, 'Host: docker', 'Connection: Upgrade', 'Upgrade: h2c', ...lines, '', ''].join('\r\n'),
  );
  try {
    const head = await readHead(connection, signal);
    const [statusLine = ''] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
    if (status === 101) return connection;
    if (status === 404 || status === 400 || status === 405)
      throw new Error(
        `the Docker engine does not offer BuildKit at ${path} (${statusLine}); it takes Docker 18.09 or newer`,
      );
    const answer = await readMessage(connection);
    throw new Error(`the Docker engine refused ${path}: ${statusLine}${answer && `: ${answer}`}`);
  } catch (error) {
    discard(connection);
    throw error;
  }
}

/**
 * Whether the Docker engine is at the other end; BuildKit's own gRPC server does not answer HTTP/1.
 * @throws Error if nothing is answered, and for other HTTP servers
 */
export async function isDockerApi(connection: Duplex, signal: AbortSignal): Promise<boolean> {
  connection.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
  try {
    const [statusLine = ''] = (await readHead(connection, signal)).split('\r\n');
    if (/^HTTP\/1\.[01] 404/.test(statusLine))
      throw new Error(`an HTTP server answers there, but it is not a Docker engine (${statusLine} to GET /_ping)`);
    return true;
  } catch (error) {
    if (error instanceof NotHttp) return false;
    throw error;
  } finally {
    discard(connection);
  }
}

function discard(connection: Duplex): void {
  connection.on('error', () => {});
  connection.destroy();
}

/** The other end spoke first, hung up or answered something else. */
class NotHttp extends Error {}

/** Reads up to the empty line that ends an HTTP head; what follows stays in the stream. */
function readHead(connection: Duplex, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', aborted);
      connection.off('readable', read).off('error', fail).off('end', ended).off('close', ended);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const ended = () => fail(new NotHttp('the connection was closed without an answer'));
    const aborted = () => fail(signal.reason as Error);
    signal.addEventListener('abort', aborted);
    const read = () => {
      for (let chunk = connection.read(); chunk !== null; chunk = connection.read()) {
        received = Buffer.concat([received, chunk]);
        const end = received.indexOf('\r\n\r\n');
        if (end >= 0) {
          const rest = received.subarray(end + 4);
          if (rest.length > 0) connection.unshift(rest);
          settle(() => resolve(received.subarray(0, end).toString('latin1')));
          return;
        }
        // BuildKit's server starts with an HTTP/2 SETTINGS frame.
        if (received.length > maxHeadBytes || !'HTTP/'.startsWith(received.toString('latin1', 0, 5))) {
          fail(new NotHttp('what answers there does not speak HTTP/1, as the Docker engine does'));
          return;
        }
      }
    };
    connection.on('readable', read).once('error', fail).once('end', ended).once('close', ended);
  });
}

const messageBytes = 4096;
const messageMs = 500;

/** The message in the JSON that the engine explains errors with; '' when it does not come. */
async function readMessage(connection: Duplex): Promise<string> {
  let received = '';
  const timer = setTimeout(() => connection.destroy(), messageMs);
  try {
    for await (const chunk of connection as AsyncIterable<Buffer>) {
      received += chunk.toString();
      if (received.length > messageBytes || received.includes('}')) break;
    }
  } catch {
    // The message may be in the part that was received.
  }
  clearTimeout(timer);
  return messageIn(received)?.trim() ?? '';
}

/** The message in an engine's JSON, which may be cut off; the text itself if it is not JSON. */
export function messageIn(text: string, name = 'message'): string | undefined {
  const json = new RegExp(`"(?:${name})":("(?:[^"\\\\]|\\\\.)*")`).exec(text)?.[1];
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as string;
  } catch {
    return json;
  }
}
