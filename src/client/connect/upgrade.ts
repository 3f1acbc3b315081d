/** Docker's HTTP API: finding out whether it answers, and turning a request into a byte stream. */
import type { Duplex } from 'node:stream';

const MAX_HEAD_BYTES = 64 << 10;

/**
 * Sends `POST path` with `Upgrade: h2c` and resolves with the connection once the daemon has agreed.
 * @throws Error with the daemon's answer when it has not
 */
export async function upgrade(
  connection: Duplex,
  path: string,
  headers: Readonly<Record<string, readonly string[]>>,
  timeout: number,
): Promise<Duplex> {
  const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
  for (const line of lines) if (/[\r\n]/.test(line)) throw new Error('a header must not contain line breaks');
  connection.write(
    [`POST ${path} HTTP/1.1`, 'Host: docker', 'Connection: Upgrade', 'Upgrade: h2c', ...lines, '', ''].join('\r\n'),
  );
  const head = await readHead(connection, timeout);
  const [statusLine = ''] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (status === 101) return connection;
  connection.destroy();
  if (status === 404 || status === 400 || status === 405)
    throw new Error(
      `the Docker engine does not offer BuildKit at ${path} (${statusLine}); it takes Docker 18.09 or newer`,
    );
  throw new Error(status ? `the Docker engine refused ${path}: ${statusLine}` : `no HTTP answer to ${path}`);
}

/** Whether an HTTP server is at the other end; BuildKit's own gRPC server does not answer HTTP/1. */
export async function speaksHttp1(connection: Duplex, timeout: number): Promise<boolean> {
  connection.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
  try {
    return /^HTTP\/1\./.test(await readHead(connection, timeout));
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    return false;
  } finally {
    connection.on('error', () => {});
    connection.destroy();
  }
}

class NoAnswer extends Error {}

/** Reads up to the empty line that ends an HTTP head; what follows stays in the stream. */
function readHead(connection: Duplex, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      connection.off('readable', read).off('error', fail).off('end', ended).off('close', ended);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const ended = () => fail(new Error('the connection was closed without an answer'));
    const timer = setTimeout(() => fail(new NoAnswer(`no answer within ${timeout / 1000} s`)), timeout);
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
        // BuildKit's server starts with an HTTP/2 SETTINGS frame
        if (received.length > MAX_HEAD_BYTES || !'HTTP/'.startsWith(received.toString('latin1', 0, 5))) {
          fail(new Error('the answer is not HTTP/1'));
          return;
        }
      }
    };
    connection.on('readable', read).once('error', fail).once('end', ended).once('close', ended);
  });
}
