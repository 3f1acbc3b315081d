import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Export, solve } from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { connected } from './connected.ts';

await onEngines('an export', { suites: ['forky', 'trixie'] }, (engine) => {
  const daemon = connected(engine);

  const build = (dockerfile: string, exports: readonly Export[], signal?: AbortSignal) =>
    solve(daemon.connection, {
      frontend: 'dockerfile.v0',
      localDirs: { context: { f: 'x' }, dockerfile: { Dockerfile: dockerfile } },
      exports,
      auth: false,
      signal,
    }).result;
  const unique = `${process.pid}-${Date.now()}`;
  const finished = 'FROM scratch\nCOPY f /finished\n';
  const tree = (root: string) => (readdirSync(root, { recursive: true }) as string[]).sort();

  test.each<[string, (dest: string) => Export]>([
    ['directory', (dest) => ({ type: 'local', dest })],
    ['archive', (dest) => ({ type: 'tar', dest: `${dest}/x.tar` })],
    ['OCI archive', (dest) => ({ type: 'oci', dest: `${dest}/x.tar` })],
    ['Docker archive', (dest) => ({ type: 'docker', dest: `${dest}/x.tar` })],
  ])('an export into a %s that fails leaves what others have put beside it', async (_, output) => {
    const root = temporaryDir();
    const out = path.join(root, 'out');
    // The daemon sends it, and then fails: the second output cannot be pushed.
    const push: Export = { type: 'image', attrs: { name: 'localhost:1/test/x:1', push: 'true' } };
    const broken = build(finished, [output(path.join(out, 'a')), push]);
    broken.catch(() => {});
    await build(finished, [output(path.join(out, 'b'))]);
    writeFileSync(path.join(out, 'notes'), 'mine');
    const before = tree(root).filter((name) => !/^out\/a|tsfront-export/.test(name));
    await expect(broken).rejects.toThrow();
    expect(tree(root)).toEqual(before);
  });

  test('an export of the command that is interrupted leaves what others have put beside it', async () => {
    const root = temporaryDir();
    const context = path.join(root, 'context');
    mkdirSync(context);
    // Many files, so that the interrupt comes while they are received.
    const script = `mkdir /o && cd /o && seq 1 8000 | sed s/^/${unique}-/ | xargs touch`;
    writeFileSync(path.join(context, 'Dockerfile'), `FROM ${daemon.base} AS b\nRUN ${script}\nFROM scratch\nCOPY --from=b /o /o\n`);
    const cli = path.join(import.meta.dirname, '../../src/cli.ts');
    const args = [cli, 'build', '--frontend=dockerfile.v0', '--progress=quiet', '-o', path.join(root, 'out/a'), context];
    const child = spawn(process.execPath, args, { env: engine.env, stdio: 'ignore' });
    const receives = () => tree(root).some((name) => name.startsWith('out/a/.tsfront-export-'));
    await expect.poll(receives, { timeout: 240_000, interval: 10 }).toBe(true);
    mkdirSync(path.join(root, 'out/b'), { recursive: true });
    writeFileSync(path.join(root, 'out/b/finished'), 'of another build');
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(0);
    expect(tree(root)).toEqual(['context', 'context/Dockerfile', 'out', 'out/b', 'out/b/finished']);
  }); // biome-ignore format: long lines

  test('an export of several builds into one layout and one cache has all of them', async () => {
    const root = temporaryDir();
    const dest = path.join(root, 'cache');
    const one = async (i: number) => {
      const options = { frontend: 'dockerfile.v0', auth: false } as const;
      const files = { Dockerfile: `FROM scratch\nCOPY f /f${i}\n`, f: `x${i}` };
      const cacheTo = [{ type: 'local', attrs: { dest, tag: `t${i}` } }];
      const localDirs = { context: files, dockerfile: files };
      await solve(daemon.connection, { ...options, localDirs, cacheTo, exports: [] }).result;
    };
    await Promise.all([1, 2, 3, 4].map(one));
    const { manifests } = JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8'));
    expect(manifests).toHaveLength(4);
    for (const { digest } of manifests)
      expect(readdirSync(path.join(dest, 'blobs/sha256'))).toContain(digest.replace('sha256:', ''));
    expect(readdirSync(dest).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('an export into a layout leaves its tag where it was when the build fails after it was named', async () => {
    const dest = path.join(temporaryDir(), 'layout');
    const one = async (text: string, caches: readonly string[]) => {
      const files = { Dockerfile: 'FROM scratch\nCOPY f /f\n', f: `${unique} ${text}` };
      const cacheTo = caches.map((compression, i) => {
        const attrs = { dest: `${dest}-${i}`, compression, 'force-compression': 'true' };
        return { type: 'local', attrs };
      });
      const exports: Export[] = [{ type: 'oci', attrs: { tar: 'false', name: 'a:1' }, dest }];
      const localDirs = { context: files, dockerfile: files };
      await solve(daemon.connection, { frontend: 'dockerfile.v0', auth: false, localDirs, cacheTo, exports }).result;
    };
    await one('first', []);
    const before = [tree(dest), readFileSync(path.join(dest, 'index.json'), 'utf8')];
    // Two caches that differ, of which a daemon names one.
    await expect(one('second', ['gzip', 'uncompressed'])).rejects.toThrow('has not named the cache');
    expect([tree(dest), readFileSync(path.join(dest, 'index.json'), 'utf8')]).toEqual(before);
    expect(tree(path.dirname(dest)).filter((name) => !name.startsWith('layout/'))).toEqual(['layout']);
  });

  test('an export out of a directory whose name is not UTF-8 goes nowhere else', async () => {
    const directory = Buffer.concat([Buffer.from(`${temporaryDir()}/a`), Buffer.from([0xff])]);
    mkdirSync(directory);
    writeFileSync(Buffer.concat([directory, Buffer.from('/Dockerfile')]), 'FROM scratch\nCOPY Dockerfile /\n');
    const cli = path.join(import.meta.dirname, '../../src/cli.ts');
    const run = (...args: string[]) => {
      // A shell goes there: Node takes no bytes for it.
      const command = `cd "$(printf '${path.dirname(directory.toString('latin1'))}/a\\377')" && exec "$0" "$@"`;
      return spawnSync('sh', ['-c', command, process.execPath, cli, 'build', '-q', ...args, '.'], {
        env: engine.env,
        encoding: 'utf8',
      });
    };
    const relative = [
      ['-o', 'out'],
      ['-o', 'type=tar,dest=x.tar'],
      ['-o', 'type=oci,tar=false,dest=layout'],
      ['-o', 'type=cacheonly', '--cache-to', 'type=local,dest=cache'],
    ];
    for (const args of relative)
      expect(run(...args), args.join(' ')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('the name of the current directory, or of one above it, is not UTF-8'),
      });
    expect(run('-o', 'type=tar,dest=../x.tar')).toMatchObject({ status: 0 });
    expect(readdirSync(path.dirname(directory.toString('latin1')))).toHaveLength(2);
    expect(readdirSync(directory)).toEqual(['Dockerfile']);
  });

  test('keeps the bytes of names and of links', async () => {
    const root = temporaryDir();
    const make = [
      'mkdir /o && cd /o && mkdir "$(printf "d\\\\377")" && cd "$(printf "d\\\\377")"',
      'echo one > "$(printf "a\\\\377")"',
      'echo two > "$(printf "a\\\\376")"',
      'echo three > "$(printf "a\\\\357\\\\277\\\\275")"',
      'ln -s "$(printf "t\\\\377")" "$(printf "l\\\\376")"',
      'ln "$(printf "a\\\\377")" "$(printf "z\\\\376")"',
      'mkfifo "$(printf "p\\\\377")"',
    ].join(' && ');
    const dockerfile = `FROM ${daemon.base} AS b\nRUN ${make}\nFROM scratch\nCOPY --from=b /o /\n`;
    const all = ['a\xef\xbf\xbd', 'a\xfe', 'a\xff', 'l\xfe', 'p\xff', 'z\xfe'];
    const names = (dir: Buffer) => readdirSync(dir, { encoding: 'buffer' }).map((it) => it.toString('latin1')).sort();

    // The bytes of an archive are the daemon's.
    await build(dockerfile, [{ type: 'tar', dest: path.join(root, 'out.tar') }]);
    mkdirSync(path.join(root, 'untarred'));
    await engine.must('tar', ['-xf', path.join(root, 'out.tar'), '-C', path.join(root, 'untarred')]);
    expect(names(Buffer.from(`${root}/untarred/d\xff`, 'latin1'))).toEqual(all);

    const building = build(dockerfile, [{ type: 'local', dest: path.join(root, 'out') }]);
    if (engine.suite === 'forky') {
      await expect(building).rejects.toThrow(); // this daemon can send nothing but UTF-8
      expect(readdirSync(root).sort()).toEqual(['out.tar', 'untarred']);
      return;
    }
    await building;
    const directory = Buffer.from(`${root}/out/d\xff`, 'latin1');
    const at = (name: string) => Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')]);
    expect(names(directory)).toEqual(all);
    expect(['a\xff', 'a\xfe', 'a\xef\xbf\xbd', 'z\xfe'].map((it) => readFileSync(at(it), 'utf8'))).toEqual([
      'one\n',
      'two\n',
      'three\n',
      'one\n',
    ]);
    expect((readlinkSync(at('l\xfe'), { encoding: 'buffer' }) as Buffer).toString('latin1')).toBe('t\xff');
    expect(lstatSync(at('z\xfe')).ino).toBe(lstatSync(at('a\xff')).ino);
    expect(lstatSync(at('p\xff')).isFIFO()).toBe(true);

    writeFileSync(at('mine'), '');
    await build(dockerfile, [{ type: 'local', dest: path.join(root, 'out') }]);
    expect(names(directory)).toEqual([...all, 'mine'].sort());
  }); // biome-ignore format: long lines
});
