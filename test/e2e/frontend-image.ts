/** The image under test: assembled once a run, and pushed to the registry of each engine. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pushLayout } from '../../scripts/image/push.mjs';
import { runCommand } from '../engine/command.ts';
import type { Engine } from '../engine/engine.ts';

const project = path.resolve(import.meta.dirname, '../..');

/** Where global-setup.ts left the layout. */
export const layoutFolder = path.join(project, '.cache/e2e-image');

/** Assembles the image for both architectures. */
export async function assembleImage(folder = layoutFolder): Promise<void> {
  const args = ['scripts/image.mjs', '--output', folder];
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
  if (!existsSync(layoutFolder)) throw new Error('run the tests with: npm run e2e');
  const name = `${engine.registry}/tsfront:${tag}`;
  const digest = await pushLayout(layoutFolder, name);
  return `${engine.registry}/tsfront@${digest}`;
}
