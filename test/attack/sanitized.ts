/** The frontend with AddressSanitizer and UBSan: one process that has started, and forks for each connection. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');
/** What ends with a report ends with this code, and with no other. */
const reported = 77;
/** Longer than any input takes, on a busy machine too. */
const limitMs = 900_000;

/** Registers a describe block with tests. Without gcc they are skipped with a message; in CI they fail. */
export function onSanitized(title: string, body: () => void): void {
  const reason = 'gcc, which is not there, makes the program';
  if (spawnSync('gcc', ['--version']).status === 0) {
    describe(title, body);
  } else if (process.env['CI'] === 'true') {
    test(title, () => expect.fail(reason));
  } else {
    console.warn(`\n*** SKIPPED ${title}: ${reason}\n`);
    test.skip(`${title}: ${reason}`, () => {});
  }
}

/** How a process ended, and what it wrote to standard error. */
export interface End {
  readonly code: number;
  readonly stderr: string;
}

export interface SanitizedFrontend {
  /**
   * Starts a process, and lets `serve` be its daemon.
   *
   * @throws Error with the report, if there is one; if a signal ended the process; if it does not end
   */
  run(environment: Readonly<Record<string, string>>, serve: (connection: Socket) => void): Promise<End>;
  close(): void;
}

/**
 * Makes the program, in a minute or two, unless `SANITIZED` names one that `npm run binary -- --sanitize` has made.
 * Returns a function that starts it, and removes it at the end.
 */
export function buildSanitized() {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-sanitized-'));
  const script = path.join(dir, 'frontend.js');
  copyFileSync(path.join(project, 'dist/frontend-engine.js'), script); // a build may replace it meanwhile
  const { SANITIZED: program = path.join(dir, 'frontend-sanitized') } = process.env;
  if (path.dirname(program) === dir) {
    const builder = path.join(project, 'scripts/engine/build.mjs');
    execFileSync(process.execPath, [builder, '--sanitize', '--output', dir], { stdio: 'pipe' });
  }
  let started = 0;
  return {
    start: () => startSanitized(program, script, path.join(dir, `${++started}`)),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

async function startSanitized(program: string, script: string, socket: string): Promise<SanitizedFrontend> {
  const options = `exitcode=${reported}:detect_leaks=0:handle_abort=1`;
  const child = spawn(program, [script], {
    env: { FRONTEND_SOCKET: socket, ASAN_OPTIONS: options, UBSAN_OPTIONS: `${options}:print_stacktrace=1` },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // ends with the processes that it has forked
  });
  let printed = '';
  let heard = () => {};
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk) => {
      printed += chunk;
      heard();
    });
  const closed = once(child, 'close');
  const stop = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  /** What is printed up to what `last` matches, and the number in that. */
  const printedUntil = async (last: RegExp) => {
    const complete = new Promise<void>((resolve) => {
      heard = () => last.test(printed) && resolve();
      heard();
    });
    const timer = setTimeout(stop, limitMs);
    await Promise.race([complete, closed]);
    clearTimeout(timer);
    const [line, number] = last.exec(printed) ?? [];
    if (line === undefined) throw new Error(`no start, or no end within ${limitMs / 1000} s:\n${printed}`);
    const stderr = printed.slice(0, -line.length);
    printed = '';
    return { code: Number(number), stderr };
  };
  await printedUntil(/listening\n$/);

  return {
    async run(environment, serve) {
      const connection = connect(socket);
      connection.on('error', () => {}); // it may hang up
      const entries = Buffer.from(
        Object.entries(environment)
          .map(([name, value]) => `${name}=${value}\0`)
          .join(''),
      );
      const size = Buffer.alloc(4);
      size.writeUInt32LE(entries.length);
      // Before the daemon, which may hang up at once.
      await new Promise((resolve) => connection.write(Buffer.concat([size, entries]), resolve));
      serve(connection);
      const { code, stderr } = await printedUntil(/\nended (\d+)\n$/);
      connection.destroy();
      if (code < reported) return { code, stderr };
      stop();
      throw new Error(`the process ended with ${code}:\n${stderr.slice(0, 20_000)}`);
    },
    close: stop,
  };
}
