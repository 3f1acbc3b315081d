import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultLimits, request } from '../../src/http/request.ts';
import { stopClock } from './stopped-clock.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server, and the requests it has got. */
async function serve(answer: RequestListener) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/a`), asked };
}

const limits = { ...defaultLimits, patienceMs: 2000, attempts: 3, delayMs: 1 };

describe('an answer', () => {
  /** An answer that comes in pieces, by a clock that stands while they are on their way. */
  const pieces = (count: number, size: number, everyMs: number): RequestListener => {
    const clock = stopClock();
    return async (_request, response) => {
      await clock.passAfter(() => response.flushHeaders(), everyMs);
      for (let left = count; left > 0 && !response.destroyed; left--)
        await clock.passAfter(() => response.write(Buffer.alloc(size)), everyMs);
      response.end();
    };
  };

  test('an answer may come slowly, as long as it comes', async () => {
    const { url } = await serve(pieces(12, 1000, 1900)); // many times the patience
    expect((await request(url, {}, 1 << 20, { ...limits, minRate: 100 })).body).toHaveLength(12_000);
  });

  test('an answer that comes too slowly is given up', async () => {
    const { url } = await serve(pieces(12, 1000, 400));
    await expect(request(url, {}, 1 << 20, { ...limits, minRate: 50_000 })).rejects.toThrow(
      /^127\.0\.0\.1:\d+: the answer comes too slowly: 4000 bytes within 2 s, fewer than 100000 \(GET \/a\)$/,
    );
  });

  test('an answer that takes longer than the total time is given up', async () => {
    const { url, asked } = await serve(pieces(1000, 1000, 100));
    await expect(request(url, {}, 1 << 20, { ...limits, totalMs: 2500 })).rejects.toThrow(
      /the answer was not complete within 2.5 s \(GET \/a\)$/,
    );
    expect(asked).toHaveLength(1);
  });

  test('an answer that stops is given up', async () => {
    const { url, asked } = await serve(pieces(12, 1000, 2000));
    await expect(request(url, {}, 1 << 20, limits)).rejects.toThrow(/nothing more came within 2 s \(GET \/a\)$/);
    expect(asked).toHaveLength(1);
  });

  test('an answer may be as large as the limit, and no larger', async () => {
    const { url } = await serve((_request, response) => void response.end(Buffer.alloc(1000)));
    expect((await request(url, {}, 1000, limits)).body).toHaveLength(1000);
    await expect(request(url, {}, 999, limits)).rejects.toThrow(/the answer is larger than 999 bytes/);
  });
});

describe('credentials in an address', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('credentials in an address are sent as a header and removed from the address', async () => {
    const { url, asked } = await serve((_request, response) => void response.end('x'));
    Object.assign(url, { username: 'me', password: 'p%40ss/%zz' });
    const answer = await request(url, {}, 100, limits);
    expect(asked[0]!.headers.authorization).toBe(basic('me:p@ss/%zz'));
    expect(answer.url.href).not.toContain('me');
    const sent = new URL(url.href.replace(/\/\/.*@/, '//a%40b:c%3Ad@'));
    await request(sent, {}, 100, limits);
    expect(asked[1]!.headers.authorization).toBe(basic('a@b:c:d'));
    expect(sent.username).toBe('a%40b'); // the caller's is left alone
  });

  test('errors do not contain the credentials of an address', async () => {
    const { url } = await serve((_request, response) => void response.destroy());
    Object.assign(url, { username: 'me', password: 's3cret', search: '?token=s3cret' });
    const failure = await request(url, {}, 100, limits).catch((error: Error) => error);
    expect(String(failure)).toMatch(/^Error: 127\.0\.0\.1:\d+: .*\(GET \/a\)$/);
    expect(String(failure)).not.toContain('s3cret');
  });

  test('credentials are sent only to their host', async () => {
    const there = await serve((_request, response) => void response.end('there'));
    const here = await serve((request, response) => {
      const location = request.url === '/a' ? '/b' : there.url.href;
      response.writeHead(302, { location }).end();
    });
    here.url.username = 'me';
    const answer = await request(here.url, {}, 100, limits);
    expect(Buffer.from(answer.body).toString()).toBe('there');
    expect(answer.url.href).toBe(there.url.href);
    expect(here.asked.map(({ headers }) => headers.authorization)).toEqual([basic('me:'), basic('me:')]);
    expect(there.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

test('what is sent is not sent on', async () => {
  const there = await serve((_request, response) => void response.end());
  const here = await serve((_request, response) => void response.writeHead(307, { location: there.url.href }).end());
  const sending = request(here.url, { method: 'PUT', body: new Uint8Array(3) }, 100, limits);
  await expect(sending).rejects.toThrow(/it redirects to 127\.0\.0\.1:\d+, which is not followed \(PUT \/a\)/);
  expect(there.asked).toEqual([]);
});
