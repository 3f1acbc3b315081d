/** Prepares the frontend's start: a heap snapshot, taken after its modules have run, for exactly the node of the image. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { architectures, emulator } from './runtime.mjs';

/** Writes files into a folder as they stand in the image. */
export function writeFiles(folder, files) {
  for (const { path: name, mode, data } of files) {
    const target = path.join(folder, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, data, { mode });
  }
}

/** What would differ from run to run in the snapshot's process object; node sets these anew when it starts from it. */
const constants = `for (const [name, value] of Object.entries({ pid: 1, execPath: '/bin/node', argv0: '/bin/node', argv: ['/bin/node', '/frontend.cjs'] }))
  Object.defineProperty(process, name, { ...Object.getOwnPropertyDescriptor(process, name), value });`;

/** Flags for a heap that does not depend on time: no random numbers, no helper threads, no collection half-way. */
const repeatable = [
  '--random-seed=42',
  '--single-threaded',
  '--no-flush-bytecode',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

/**
 * V8 writes the address of a data view's bytes into a snapshot, which is another one each time. So the views that modules
 * make while they load are made when they are first used, after the start from the snapshot.
 */
const lateViews = {
  before: `const View = DataView;
globalThis.DataView = function (...given) {
  let view;
  const made = () => (view ??= new View(...given));
  const isMethod = (name) => typeof Object.getOwnPropertyDescriptor(View.prototype, name)?.value === 'function';
  return new Proxy({}, { get: (_, name) => (isMethod(name) ? (...args) => made()[name](...args) : made()[name]) });
};`,
  after: 'globalThis.DataView = View;',
};

/** Takes the snapshot of a bundled script. The same script and node give the same bytes. */
export function takeSnapshot(architecture, runtime, script) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tsfront-image-'));
  try {
    const root = path.join(folder, 'root');
    writeFiles(root, runtime);
    writeFileSync(path.join(folder, 'frontend.cjs'), [constants, lateViews.before, script, lateViews.after].join('\n'));
    const node = path.join(root, 'bin/node');
    const native = process.platform === 'linux' && process.arch === architectures[architecture].process;
    const command = [...(native ? [] : [emulator(architecture), '-L', root]), node];
    // Without V8's code cache of node's own modules, of which the frontend loads none: half the size, as quick a start,
    // and a blob that is not tied to the processor it was made on.
    const settings = { builder: '/proc/self/cwd/frontend.cjs', withoutCodeCache: true };
    writeFileSync(path.join(folder, 'snapshot.json'), JSON.stringify(settings));
    const flags = [...repeatable, '--snapshot-blob', 'frontend.blob', '--build-snapshot-config', 'snapshot.json'];
    execFileSync(command[0], [...command.slice(1), ...flags], { cwd: folder, env: {}, stdio: ['ignore', 2, 2] });
    return readFileSync(path.join(folder, 'frontend.blob'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
