/** Attributes of outputs and caches on real engines: each does what it says. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

await onEngines('tsfront build', { suites: ['forky', 'bookworm'] }, (engine) => {
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  /** A project with a stale file in `out`, built in its own directory. */
  const project = (dockerfile: string) => {
    const dir = temporaryDir({ 'out/old/stale': 'stale', Dockerfile: dockerfile, a: 'a' });
    const build = (...args: string[]) =>
      engine.run(
        'sh',
        ['-c', 'cd "$0" && exec "$@"', dir, process.execPath, cli, 'build', '--progress=plain', ...args],
        {
          env: { BUILDKIT_HOST: engine.buildkitHost },
        },
      );
    return {
      dir,
      build,
      tree: (name = 'out') => readdirSync(path.join(dir, name), { recursive: true, encoding: 'utf8' }).sort(),
    };
  };

  test('deletes with mode=delete what the result has not', async () => {
    const { build, tree } = project('FROM scratch\nCOPY a /d/a\n');
    const kept = await build('-o', 'type=local,dest=out', '.');
    expect(kept.status, kept.stderr).toBe(0);
    expect(tree()).toEqual(['d', 'd/a', 'old', 'old/stale']);
    const built = await build('-o', 'type=local,dest=out,mode=delete', '.');
    expect(built.status, built.stderr).toBe(0);
    expect(tree()).toEqual(['d', 'd/a']);
  });

  test('deletes nothing with mode=delete when the build fails', async () => {
    const { build, tree } = project('FROM scratch\nCOPY missing /\n');
    const failed = await build('-o', 'type=local,dest=out,mode=delete', '.');
    expect(failed.status, failed.stderr).toBe(1);
    expect(tree()).toEqual(['old', 'old/stale']);
  });

  test('asks before it deletes where people would not expect it', async () => {
    const { dir, build, tree } = project('FROM scratch\nCOPY a /\n');
    const outside = temporaryDir();
    symlinkSync(outside, path.join(dir, 'link'));
    for (const dest of ['.', outside, 'link']) {
      const refused = await build('-o', `type=local,dest=${dest},mode=delete`, '.');
      expect(refused.status, refused.stderr).toBe(2);
      expect(refused.stderr).toContain('--allow=buildx.local.delete');
    }
    expect(tree('.')).toContain('out/old/stale');
    const allowed = await build('--allow=buildx.local.delete', '-o', 'type=local,dest=.,mode=delete', '.');
    expect(allowed.status, allowed.stderr).toBe(0);
    expect(tree('.')).toEqual(['a']);
  });

  test.skipIf(engine.suite === 'bookworm')(
    'a local cache with reset=true has what its index leads to, and no more',
    async () => {
      const { dir, build } = project('FROM scratch\nCOPY a /\n');
      const blobs = () => readdirSync(path.join(dir, 'cache/blobs/sha256')).sort();
      const into = (reset: string) => build('-o', 'out', '--cache-to', `type=local,dest=cache,mode=max${reset}`, '.');
      const first = await into('');
      expect(first.status, first.stderr).toBe(0);
      const before = blobs();
      writeFileSync(path.join(dir, 'a'), 'changed');
      const second = await into('');
      expect(second.status, second.stderr).toBe(0);
      expect(blobs()).toEqual(expect.arrayContaining(before)); // they stay as long as nobody says otherwise
      writeFileSync(path.join(dir, 'a'), 'changed again');
      const third = await into(',reset=true');
      expect(third.status, third.stderr).toBe(0);
      const after = blobs();
      expect(after.filter((blob) => before.includes(blob))).toEqual([]);
      const { manifests } = JSON.parse(readFileSync(path.join(dir, 'cache/index.json'), 'utf8'));
      const digest = manifests[0].digest.slice('sha256:'.length);
      const manifest = JSON.parse(readFileSync(path.join(dir, 'cache/blobs/sha256', digest), 'utf8'));
      const named = [manifest.config, ...(manifest.layers ?? []), ...(manifest.manifests ?? [])].filter(Boolean);
      const wanted = named.map((descriptor) => descriptor.digest.slice('sha256:'.length));
      expect(after).toEqual([...new Set([digest, ...wanted])].sort());
    },
  );

  test('what is unknown is refused before anything is built', async () => {
    const { build, tree } = project('FROM scratch\nCOPY a /\n');
    for (const [args, message] of [
      [['-o', 'type=local,dest=out,moed=delete'], 'did you mean mode?'],
      [['--cache-to', 'type=local,dest=cache,resett=true'], 'did you mean reset?'],
      [['-o', 'dest=out'], 'type=local,dest=out writes files there'],
      [['-o', 'out', '--secret', 'foo'], 'for --secret: foo has no value'],
    ] as const) {
      const refused = await build(...args, '.');
      expect(refused.status, refused.stderr).toBe(2);
      expect(refused.stderr).toContain(message);
    }
    expect(tree()).toEqual(['old', 'old/stale']);
    const handedOn = await build('--allow-unknown', '-o', 'type=local,dest=out,moed=delete', '.');
    expect(handedOn.status, handedOn.stderr).toBe(0);
    expect(tree()).toEqual(['a', 'old', 'old/stale']);
  });
});
