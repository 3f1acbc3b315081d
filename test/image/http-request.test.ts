import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultLimits, request } from '../../src/image/http-request.ts';

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
  const pieces = (count: number, size: number, everyMs: number): RequestListener => {
    return (_request, response) => {
      let left = count;
      const timer = setInterval(() => {
        if (left-- > 0) return void response.write(Buffer.alloc(size));
        clearInterval(timer);
        response.end();
      }, everyMs);
    };
  };

  test('may come slowly, as long as it comes', async () => {
    const { url } = await serve(pieces(12, 1000, 400)); // more than twice the patience
    expect((await request(url, {}, 1 << 20, { ...limits, minRate: 100 })).body).toHaveLength(12_000);
  });

  test('may not come too slowly', async () => {
    const { url } = await serve(pieces(12, 1000, 400));
    await expect(request(url, {}, 1 << 20, { ...limits, minRate: 50_000 })).rejects.toThrow(
      /^127\.0\.0\.1:\d+: the answer comes too slowly: \d+ bytes within [\d.]+ s, fewer than \d+ \(GET \/a\)$/,
    );
  });

  test('may not take longer than all of it may take', async () => {
    const { url, asked } = await serve(pieces(1000, 1000, 100));
    await expect(request(url, {}, 1 << 20, { ...limits, totalMs: 2500 })).rejects.toThrow(
      /the answer was not complete within 2.5 s \(GET \/a\)$/,
    );
    expect(asked).toHaveLength(1);
  });

  test('is as large as it may be', async () => {
    const { url } = await serve((_request, response) => void response.end(Buffer.alloc(1000)));
    expect((await request(url, {}, 1000, limits)).body).toHaveLength(1000);
    await expect(request(url, {}, 999, limits)).rejects.toThrow(/the answer is larger than 999 bytes/);
  });
});

describe('credentials in an address', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('are sent, and are not part of it otherwise', async () => {
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

  test('are in no error', async () => {
    const { url } = await serve((_request, response) => void response.destroy());
    Object.assign(url, { username: 'me', password: 's3cret', search: '?token=s3cret' });
    const failure = await request(url, {}, 100, limits).catch((error: Error) => error);
    expect(String(failure)).toMatch(/^Error: 127\.0\.0\.1:\d+: .*\(GET \/a\)$/);
    expect(String(failure)).not.toContain('s3cret');
  });

  test('stay with their host', async () => {
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
