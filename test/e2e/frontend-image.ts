/** The image under test: assembled once a run, and pushed to the registry of each engine. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { machine } from '../../scripts/engine/packages.mjs';
import { pushLayout } from '../../scripts/image/push.mjs';
import { runCommand } from '../engine/command.ts';
import type { Engine } from '../engine/engine.ts';

const project = path.resolve(import.meta.dirname, '../..');

/** Where global-setup.ts left the layout. */
export const layoutDir = path.join(project, '.cache/e2e-image');

/** Assembles the image for both architectures. */
export async function assembleImage(dir = layoutDir): Promise<void> {
  const args = ['scripts/image.mjs', '--output', dir];
  const { status, stdout, stderr } = await runCommand(process.execPath, args, { cwd: project, env: process.env });
  if (status !== 0) throw new Error(`npm run image failed:\n${stdout}${stderr}`);
}

/**
 * Puts the image into the engine's registry, under `tag`, and returns its name with the digest. TSFRONT_IMAGE names
 * another image to test instead, as the engine knows it.
 */
export async function pushImage(engine: Engine, tag = 'test'): Promise<string> {
  const given = process.env['TSFRONT_IMAGE'];
  if (given) return given.replace('@REGISTRY@', engine.registry);
  if (!existsSync(layoutDir)) throw new Error('run the tests with: npm run e2e');
  const name = `${engine.registry}/tsfront:${tag}`;
  const digest = await pushLayout(layoutDir, name);
  return `${engine.registry}/tsfront@${digest}`;
}

/**
 * Puts a frontend that fails with its options into the engine's registry, on the Node that runs here. Returns its name.
 */
export async function pushTellingFrontend(engine: Engine): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-'));
  try {
    const env = engine.home ? { ENGINE_HOME: engine.home } : {};
    const base = await engine.must(path.join(project, 'test/engine/image.sh'), ['node', 'test/node-here:1'], { env });
    await build({
      entryPoints: [path.join(import.meta.dirname, 'telling-frontend.ts')],
      outfile: path.join(dir, 'frontend.cjs'),
      bundle: true,
      platform: 'node',
      logLevel: 'warning',
    });
    const dockerfile = `FROM ${base.trim()}\nCOPY frontend.cjs /\nENTRYPOINT ["/bin/node", "/frontend.cjs"]\n`;
    writeFileSync(path.join(dir, 'Dockerfile'), dockerfile);
    const name = `${engine.registry}/test/telling-frontend:1`;
    await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', name, dir]);
    return name;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Puts failing-frontend.ts, as the program of an image, into the engine's registry. Returns its name. */
export async function pushFailingFrontend(engine: Engine): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-'));
  try {
    const script = path.join(dir, 'script.js');
    await build({
      entryPoints: [path.join(import.meta.dirname, 'failing-frontend.ts')],
      outfile: script,
      bundle: true,
      platform: 'neutral',
      format: 'iife',
      conditions: ['engine'],
      logLevel: 'warning',
    });
    const builder = [path.join(project, 'scripts/engine/build.mjs'), '--script', script, '--output', dir, machine];
    const { status, stderr } = await runCommand(process.execPath, builder, { env: process.env });
    if (status !== 0) throw new Error(stderr);
    const dockerfile = `FROM scratch\nCOPY frontend-${machine} /frontend\nENTRYPOINT ["/frontend"]\n`;
    writeFileSync(path.join(dir, 'Dockerfile'), dockerfile);
    const name = `${engine.registry}/test/failing-frontend:1`;
    await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', name, dir]);
    return name;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
