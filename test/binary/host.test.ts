/** The engine's host in C, by a script of its own: what it gives to TypeScript equals Node's, and failures are told. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeText, encodeText } from '../../src/go/text.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { buildHost } from './build-host.ts';

const dir = temporaryDir();
let program = '';
beforeAll(async () => {
  program = await buildHost('script.ts', dir);
}, 900_000);

/** Runs the script. `speak` gets what it says, line by line, and may answer; without it nothing is written. */
function run(mode: string, input?: string, speak?: (line: string, child: ReturnType<typeof spawn>) => void) {
  const child = spawn(program, { env: { MODE: mode }, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let told = 0;
  child.stdout.on('data', (chunk) => {
    output += chunk;
    const lines = output.split('\n');
    if (speak) for (; told < lines.length - 1; told++) speak(lines[told]!, child);
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdin.on('error', () => {});
  if (input === '') child.stdin.end();
  else if (input !== undefined) child.stdin.write(input); // the script drops its answers when nothing more can come
  return new Promise<{ code: number | null; lines: string[]; errors: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, lines: output.split('\n').slice(0, -1), errors })),
  );
}

/** Ends the input after so many lines of output. */
function endAfter(lines: number) {
  let left = lines;
  return (_: string, child: ReturnType<typeof spawn>) => {
    if (--left === 0) child.stdin!.end();
  };
}

describe('bytes and text', () => {
  const units = (text: string) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
  const expected = (bytes: Uint8Array) => {
    const text = decodeText(bytes);
    return {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      text: units(text),
      lossy: units(lossy.decode(bytes)),
      encoded: Buffer.from(encodeText(text)).toString('hex'),
      into: Buffer.from(text, 'utf8').toString('hex'),
      rest: '',
    };
  };

  test('equal those of Node for odd bytes of every kind', async () => {
    const odd = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc.array(fc.constantFrom(0x20, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xa0, 0xef, 0xf0, 0xf4, 0x90, 0xff)).map((all) => Uint8Array.from(all)), // biome-ignore format: one list
    );
    const samples = [
      ...fc.sample(odd, { numRuns: 2000, seed: 7 }),
      ...[55, 56, 63, 64, 65, 119, 120, 1000].map((size) => new Uint8Array(size).fill(97)),
    ];
    const input = samples.map((bytes) => `${Buffer.from(bytes).toString('hex')}\n`).join('');
    const { code, lines } = await run('', input, endAfter(samples.length));
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toEqual(samples.map(expected));
  });

  test('unpacks a gzip member and a zstd frame a piece at a time, and says how much it used', async () => {
    const plain = Buffer.alloc(300_000, 'plain text ');
    const gzip = gzipSync(plain);
    const zstd = zstdCompressSync(plain);
    const damaged = Buffer.from(gzip).fill(0xff, 12, 40);
    const all = [
      `gzip ${Buffer.concat([gzip, Buffer.from('more')]).toString('hex')}`,
      `zstd ${Buffer.concat([zstd, zstd]).toString('hex')}`,
      `gzip ${gzip.subarray(0, gzip.length - 20).toString('hex')}`,
      `gzip ${damaged.toString('hex')}`,
      `zstd ${Buffer.from(zstd).fill(0xff, 4).toString('hex')}`,
    ];
    const { lines } = await run('unpack', `${all.join('\n')}\n`, endAfter(all.length));
    const [whole, frame, cut, bad, badFrame] = lines.map((line) => JSON.parse(line));
    const first = plain.subarray(0, 8).toString('hex');
    expect(whole).toEqual({ size: 300_000, largest: 65_536, first, used: gzip.length, ended: true });
    expect(frame).toEqual({ size: 300_000, largest: 65_536, first, used: zstd.length, ended: true });
    expect(cut).toMatchObject({ ended: false });
    expect(cut.error).toBeUndefined();
    expect(bad.error).toMatch(/^Error: /);
    expect(badFrame.error).toMatch(/^Error: /);
  });
});

describe('events', () => {
  test('timers come in the order of their times, and removed ones do not', async () => {
    const { lines } = await run('timers', undefined, (line, child) => {
      if (line === 'every 3') child.stdin!.end();
    });
    expect(lines).toEqual(['first', 'second', 'every 1', 'every 2', 'every 3']);
  });

  test('what is written is neither lost nor changed when the reader is slow', async () => {
    const child = spawn(program, { env: { MODE: 'flood' }, stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    await new Promise((resolve) => setTimeout(resolve, 200)); // its pipe is full meanwhile
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    await expect.poll(() => Buffer.concat(chunks).toString().endsWith('line 39999\n')).toBe(true);
    child.stdin.end();
    const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
    expect(lines).toEqual(Array.from({ length: 40_000 }, (_, i) => `line ${i}`));
  });

  test('the script ends when nobody reads it or writes to it any more', async () => {
    expect((await run('ready', '')).code).toBe(0);
    const child = spawn(program, { env: { MODE: 'flood' }, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.destroy();
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
  });
});

describe('failures', () => {
  test.each([
    ['throw', 'failure Error: thrown at the start'],
    ['timer', 'failure Error: thrown in a timer'],
    ['reject', 'failure Error: rejected'],
    ['memory', 'failure RangeError: the build needs more than the 480 MiB of memory that a frontend may use'],
    ['stack', 'failure RangeError: Maximum call stack size exceeded'],
  ])('%s is told to the script', async (mode, expected) => {
    expect(await run(mode)).toEqual({ code: 1, lines: [expected], errors: '' });
  });

  test('a rejection that is handled is not told', async () => {
    const { code, lines } = await run('caught', undefined, (_, child) => child.stdin!.end());
    expect([code, lines]).toEqual([0, ['caught']]);
  });
});

describe('signals', () => {
  test('the first is an event, the second ends the process', async () => {
    const { code, lines } = await run('ready', undefined, (line, child) => {
      child.kill(line === 'ready' ? 'SIGINT' : 'SIGTERM');
    });
    expect([code, lines]).toEqual([2, ['ready', 'signal SIGINT']]);
  });

  test('the second ends a script that never waits', async () => {
    const { code, lines } = await run('busy', undefined, (_, child) => {
      setTimeout(() => child.kill('SIGTERM'), 100);
      setTimeout(() => child.kill('SIGTERM'), 150);
    });
    expect([code, lines]).toEqual([2, ['busy']]);
  });

  test('the first ends the process once the script has said so', async () => {
    const { code, lines } = await run('last', undefined, (_, child) => child.kill('SIGTERM'));
    expect([code, lines]).toEqual([2, ['ready']]);
  });
});
