/** What a session says of itself when it is opened. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { openSession } from '../../src/client/session/session.ts';
import { onEngines } from '../engine/on-engines.ts';
import { bareBuildkit } from './bare-buildkit.ts';

type Headers = Readonly<Record<string, readonly string[]>>;

async function headersOf(options: Parameters<typeof openSession>[2]): Promise<Headers> {
  let sent: Headers = {};
  const openStream = async (headers: Headers) => {
    sent = headers;
    return new PassThrough();
  };
  (await openSession({ openSession: openStream }, [], options)).close();
  return sent;
}

const key = 'X-Docker-Expose-Session-Sharedkey';

describe('the shared key of a session', () => {
  test('the shared key of a session is sent as it is where that is printable ASCII, whatever it means in an address', async () => {
    const headers = await headersOf({ sharedKey: 'my app+100%' });
    expect(headers[key]).toEqual(['my app+100%']);
    expect(headers).not.toHaveProperty(`${key}-Encoded`);
  });

  test.each([
    ['größe +1', 'gr%C3%B6%C3%9Fe+%2B1'],
    ['日本語', '%E6%97%A5%E6%9C%AC%E8%AA%9E'],
    ['two\nlines', 'two%0Alines'],
    ['no\udcfftext', 'no%FFtext'],
    ['tab\there', 'tab%09here'],
  ])('the shared key of a session is query-escaped otherwise: %j', async (sharedKey, escaped) => {
    expect(await headersOf({ sharedKey, name: sharedKey })).toMatchObject({
      [key]: [escaped],
      [`${key}-Encoded`]: ['1'],
      'X-Docker-Expose-Session-Name': [escaped],
      'X-Docker-Expose-Session-Name-Encoded': ['1'],
    });
  });
});

await onEngines('a shared key that is not ASCII', {}, (engine) => {
  test.skipIf(!engine.dockerHost)(
    'a shared key that is not ASCII is accepted by the engine and by BuildKit alone',
    async () => {
      const { port, close } = await bareBuildkit(engine.dockerHost);
      try {
        for (const address of [engine.address, `tcp://127.0.0.1:${port}`]) {
          const connection = await connect(address);
          const frontend = async () => ({ metadata: new Map() });
          const built = solve(connection, { sharedKey: 'größe\n日本語', frontend, auth: false });
          await expect(built.result).resolves.toBeDefined();
          connection.close();
        }
      } finally {
        close();
      }
    },
  );
});
