/** The assembled image: the same every time, and small. No engine is needed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { assembleImage, layoutDir } from './frontend-image.ts';
import { readLayout } from './read-image.ts';

const read = (dir: string, file: string) => JSON.parse(readFileSync(path.join(dir, file), 'utf8'));

test.skipIf(process.env['TSFRONT_IMAGE'])('the same input gives the same digest', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-image-'));
  try {
    await assembleImage(dir);
    expect(read(dir, 'index.json').manifests[0].digest).toBe(read(layoutDir, 'index.json').manifests[0].digest);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test.skipIf(process.env['TSFRONT_IMAGE'])('the image has at most 2 MB compressed', () => {
  const blob = (digest: string) => read(layoutDir, `blobs/${digest.replace(':', '/')}`);
  const [index] = read(layoutDir, 'index.json').manifests;
  for (const { digest } of blob(index.digest).manifests) {
    const size = blob(digest).layers.reduce((sum: number, layer: { size: number }) => sum + layer.size, 0);
    expect(size).toBeGreaterThan(0.2e6);
    expect(size).toBeLessThanOrEqual(2e6);
  }
});

test.skipIf(process.env['TSFRONT_IMAGE'])('the image is one program, and the licences of what is in it', () => {
  const images = readLayout(layoutDir);
  expect(images.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
  for (const { files, config } of images) {
    expect(files.map((line) => line.split(' ')[0])).toEqual(['/LICENSE', '/THIRD-PARTY-NOTICES', '/frontend']);
    expect(config.config.Entrypoint).toEqual(['/frontend']);
  }
});
