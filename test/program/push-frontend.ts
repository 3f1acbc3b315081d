/** The image of this frontend on an engine. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { binaryFile } from '../binary/binary.ts';
import type { Engine } from '../engine/engine.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** Pushes the image as the Dockerfile of this project makes it, without its licences. Returns its name. */
export async function pushFrontend(engine: Engine): Promise<string> {
  if (!existsSync(binaryFile)) expect.fail('npm run binary makes the frontend');
  const dir = temporaryDir();
  copyFileSync(binaryFile, path.join(dir, 'frontend'));
  const caps = 'moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts';
  writeFileSync(
    path.join(dir, 'Dockerfile'),
    `FROM scratch\nLABEL moby.buildkit.frontend.network.none="true"\nLABEL moby.buildkit.frontend.caps="${caps}"\nCOPY frontend /\nENTRYPOINT ["/frontend"]\n`,
  );
  const name = `${engine.registry}/test/tsfront-programs:1`;
  if (engine.suite === 'bookworm') {
    await engine.must('docker', ['build', '-q', '-t', name, dir], { env: { DOCKER_BUILDKIT: '1' } });
    await engine.must('docker', ['push', '-q', name]);
  } else await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', name, dir]);
  return name;
}
