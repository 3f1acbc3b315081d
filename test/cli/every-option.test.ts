/**
 * A bad value and an empty one for every option of every command that takes a value: wrong usage that names the option.
 * A new option is among them by itself; one that takes any text is named below, with the reason.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { createCommandLine } from '../../src/cli/main.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** Neither a name, a number, a pair nor a file that is there or can be made. */
const badValues = '?/?';

/** What takes that, too. */
const anyText: Readonly<Record<string, string>> = {
  '--build-arg': 'it is a name, whose value comes from the environment; Dockerfiles take any',
  '--label': 'it is a name; images take any',
  '--from-build-arg': 'as --build-arg',
  '--from-target': 'as --target',
  '--target': 'only the Dockerfile says which stages there are: a Dockerfile without it fails (1)',
  '--no-cache-filter': 'only the Dockerfile says which stages there are, and buildx takes others too',
  '--cache-from': 'a cache that cannot be had is left out, with a warning, as with buildx',
  '--cache-dir': 'the directory is made',
  '--session-id': 'a daemon makes them',
  '--path': 'a path that is not there is an answer',
  'build --output': 'a lone path is a directory to be made',
  'solve --output': 'a lone path is a directory to be made',
  '--cgroup-parent': 'the daemon makes that group, whatever its name',
  '--isolation': 'it has no effect, as with docker, and is warned of',
  '--security-opt': 'it has no effect, as with docker, and is warned of',
};

const notGiven = 'as with docker, an option with an empty value is not given: scripts have --option "$VARIABLE"';

/** What may be empty. */
const anyEmpty: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      '--file --from-file --from-target --target --build-context --call --cgroup-parent --iidfile --network --shm-size --allow --annotation',
      '--cache-from --cache-to --secret --ssh --cpuset-cpus --cpuset-mems',
    ]
      .join(' ')
      .split(' ')
      .map((flag) => [flag, notGiven]),
  ),
  'build --metadata-file': notGiven,
  'build --output': notGiven,
  'solve --output': notGiven,
  '--no-cache-filter': 'as with docker, it is that of every stage',
  '--session-id': anyText['--session-id']!,
  '--isolation': anyText['--isolation']!,
  '--security-opt': anyText['--security-opt']!,
};

/** What a command needs besides: `@` stands for a directory with a Dockerfile and its compiled file. */
const needs: Readonly<Record<string, readonly string[]>> = {
  compile: ['@', '--offline'],
  check: ['@', '--offline'],
  context: ['@', '--offline'],
  explain: ['@', '--offline', '--from=@'],
  graph: ['@', '--offline'],
  build: ['@'],
  solve: ['@', '--file=@/Dockerfile'],
  'solve --file': ['@/compiled.json', '--local=context=@'],
  'solve --image-config': ['@/compiled.json', '--local=context=@'],
  prune: ['--force'],
  completion: ['bash'],
  'history inspect': ['ref'],
  'history logs': ['ref'],
  'history rm': ['ref'],
};

const commandsIn = (command: CommandUnknownOpts, words: readonly string[]): [string, CommandUnknownOpts][] =>
  command.commands.length === 0
    ? [[words.join(' '), command]]
    : command.commands.flatMap((it) => commandsIn(it, [...words, it.name()]));

const all = commandsIn(createCommandLine({ env: {} } as Io), []);
const valued = all.flatMap(([name, { options }]) =>
  options.filter(({ required, optional }) => required || optional).map(({ long }) => [name, long!] as const),
);

let dir: string;
beforeAll(async () => {
  dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
  await runCli(['compile', dir, '-o', path.join(dir, 'compiled.json')]);
});

async function run(name: string, option: string) {
  const [flag] = option.split('=');
  const own = (needs[`${name} ${flag}`] ?? needs[name] ?? []).map((it) => it.replace('@', dir));
  const [, { options }] = all.find(([it]) => it === name)!;
  // Nobody listens there: who gets as far as that has taken the options.
  const asks = options.some(({ long }) => long === '--builder') && !option.startsWith('--builder=');
  const end = asks ? ['--builder', `unix://${dir}/nosuch`] : [];
  return runCli([...name.split(' '), ...own, option, ...end], { env: { HOME: dir } });
}

const takes = (list: Readonly<Record<string, string>>, name: string, flag: string) =>
  Object.hasOwn(list, flag) || Object.hasOwn(list, `${name} ${flag}`);

describe.each([
  ['a bad value', badValues, anyText],
  ['an empty value', '', anyEmpty],
] as const)('given %s', (_, value, allowed) => {
  test.each(valued)('%s %s accepts or refuses the value with its name', async (name, flag) => {
    const { code, stdout, stderr } = await run(name, `${flag}=${value}`);
    if (takes(allowed, name, flag)) {
      expect(stderr).not.toContain('invalid');
      expect(code).not.toBe(2);
    } else {
      expect(stderr).toContain(flag);
      expect([code, stdout]).toEqual([2, '']);
    }
  });

  test('the list of options that accept the value has no unknown option', () => {
    const known = valued.flatMap(([name, flag]) => [flag, `${name} ${flag}`]);
    expect(Object.keys(allowed).filter((it) => !known.includes(it))).toEqual([]);
  });
});

/** Values that are nearly right. `@` stands for the directory. */
const nearly: readonly (readonly [args: string, text: string])[] = [
  ['build --cache-to type=local', '--cache-to type=local requires dest: give dest=DIRECTORY'],
  ['build --cache-to type=local,dest=', '--cache-to type=local requires dest: give dest=DIRECTORY'],
  ['build --cache-to type=registry', '--cache-to type=registry requires ref: give ref=IMAGE'],
  ['build --cache-to type=registry,ref=X', 'invalid value "type=registry,ref=X" for --cache-to: invalid reference format'],
  ['build --cache-from type=local', '--cache-from type=local requires src: give src=DIRECTORY'],
  ['build --cache-from type=registry', '--cache-from type=registry requires ref: give ref=IMAGE'],
  ['build --cache-to ref=a', 'type is required for "ref=a" of --cache-to: known are registry'],
  ['build --cache-to a --cache-to type=registry,ref=a,mode=max', '--cache-to: duplicate cache exports'],
  ['build --cache-to type=local,dest=@/c --cache-to type=local,dest=@/c', '--cache-to: duplicate cache exports'],
  ['build --cache-to type=local,dest=@/c --cache-to type=local,dest=@/./c', 'two of --cache-to would be written to @/./c'],
  ['solve --cache-to type=local', '--cache-to type=local requires dest'],
  ['solve --cache-to type=local,dest=@/c,tag=a --cache-to type=local,dest=@/c,tag=b', 'duplicate cache exports'],
  ['build -o type=oci,dest=@/x -o type=tar,dest=@/x', 'two of --output would be written to @/x, where one would replace'],
  ['build -o type=local,dest=@/x -o type=tar,dest=@/x', 'two of --output would be written to @/x, where one would replace'],
  ['build -o type=oci,dest=@/x --metadata-file @/x', '--output and --metadata-file would be written to @/x'],
  ['build -o type=oci,dest=@/x --iidfile @/./x', '--output and --iidfile would be written to @/./x'],
  ['build -o @/x --metadata-file @/x', '--output and --metadata-file would be written to @/x'],
  ['build --iidfile @/x --metadata-file @/x', '--metadata-file and --iidfile would be written to @/x'],
  ['build --cache-to type=local,dest=@/x --metadata-file @/x', '--cache-to and --metadata-file would be written to @/x'],
  ['build -o type=oci,dest=@/x/y --metadata-file @/x', 'the output @/x/y is in @/x, which is to be a file'],
  ['build -o - --metadata-file -', '--output and --metadata-file would both go to standard output'],
  ['build --metadata-file - --iidfile -', '--metadata-file and --iidfile would both go to standard output'],
  ['solve -o type=oci,dest=@/x --metadata-file @/x', '--output and --metadata-file would be written to @/x'],
  ['compile -o @/x --image-config @/x', '--output and --image-config would be written to @/x'],
  ['compile -o @/x --write-images @/x', '--output and --write-images would be written to @/x'],
  ['compile --image-config -', '--output and --image-config would both go to standard output'],
  ['check -o @/x --write-images @/x', '--output and --write-images would be written to @/x'],
  ['graph --write-images -', '--output and --write-images would both go to standard output'],
  ['build --cpuset-cpus 0-', '--resource cpuset-cpus or --cpuset-cpus: invalid value "0-" for resource cpuset-cpus: invalid cpuset range "0-"'],
  ['build --resource cpuset-mems=x', '--resource cpuset-mems or --cpuset-mems: invalid value "x" for resource cpuset-mems: invalid cpuset element "x"'],
  ['build --resource cpu-shares=-1', 'it must be > 0, or 0 for no limit'],
  ['build --resource memory=99999999999g', 'it is larger than any memory'],
  ['build --resource memroy=1g', '--resource: unknown resource "memroy" (did you mean memory?)'],
  ['build --auth-host https://ghcr.io', 'for --auth-host: it takes HOST or HOST:PORT'],
  ['build --auth-host ghcr.io/me', 'for --auth-host: it takes HOST or HOST:PORT'],
  ['build --auth-host ghcr.io:99999', 'for --auth-host: it takes HOST or HOST:PORT'],
  ['solve --auth-host a,b', 'for --auth-host: it takes HOST or HOST:PORT'],
  ['build --frontend Tsfront', 'invalid value "Tsfront" for --frontend: invalid reference format'],
  ['build --network bridge', '--network: unsupported network mode "bridge": known are default, none and host'],
  ['build --call outlin', '--call: subrequest outlin is not supported (did you mean outline?): known are build, check'],
  ['build --call outline,format=yaml', '--call: unsupported format "yaml": known are text and json'],
  ['build --annotation indx:a=b', '--annotation indx:a=b: unknown annotation type "indx" (did you mean index?)'],
  ['build --annotation Manifest:a=b', '--annotation Manifest:a=b: invalid annotation type "Manifest"'],
  ['build --annotation manifest[x/y/z/w]:a=b', 'for --annotation: '],
  ['build -o type=registry', 'tag is needed when pushing to registry: --push and --output type=registry take it from --tag'],
  ['build -o type=local', '--output type=local: dest is required for local exporter'],
  ['build --attest generator=x', 'of --attest: give type=sbom or type=provenance'],
  ['solve --image-config @/x', '--image-config goes with a compiled file'],
  ['solve -o type=oci,dest=@/x --write-images @/x', '--output and --write-images would be written to @/x'],
  ['build --secret id=a,src=@/nosuch', '--secret id=a: failed to stat @/nosuch: no such file or directory'],
]; // biome-ignore format: a table

test.each(nearly)('%s is wrong usage, and the message names what is known', async (args, text) => {
  const [name = '', ...options] = args.replaceAll('@', dir).split(' ');
  const own = needs[name]!.map((it) => it.replace('@', dir));
  const end = name === 'build' || name === 'solve' ? ['--builder', `unix://${dir}/nosuch`] : [];
  const { code, stdout, stderr } = await runCli([name, ...own, ...options, ...end], { env: { HOME: dir } });
  expect(stderr).toContain(text.replaceAll('@', dir));
  expect([code, stdout]).toEqual([2, '']);
});

test.each([
  ['--target app --no-cache', '--target, --no-cache: '],
  ['--build-arg A=1 --no-cache-filter b', '--build-arg, --no-cache-filter: '],
  ['--offline --policy disabled=true', '--offline, --policy: '],
])('solve %s without --file is refused, because a compiled file is complete', async (args, text) => {
  const options = [...args.split(' '), '--builder', `unix://${dir}/nosuch`];
  const { code, stderr } = await runCli(['solve', `${dir}/compiled.json`, `--local=context=${dir}`, ...options]);
  expect(stderr).toContain(text);
  expect(stderr).toContain('give the Dockerfile or build program with --file');
  expect(code).toBe(2);
});

test('places that several may share are taken', async () => {
  execFileSync('mkfifo', [path.join(dir, 'pipe')]);
  for (const options of [
    '--cache-to type=inline --cache-to type=inline',
    '--cache-to type=local,dest=@/c --cache-to type=local,dest=@/d --cache-from type=local,src=@/c',
    '-o @/out -o type=tar,dest=@/out/x.tar --metadata-file @/m --iidfile=',
    '-o @/out -o type=local,dest=@/out',
    '-o type=oci,dest=@/pipe --metadata-file @/pipe --iidfile @/pipe',
  ]) {
    const args = options.replaceAll('@', dir).split(' ');
    const { code, stderr } = await runCli(['build', dir, ...args, '--builder', `unix://${dir}/nosuch`]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no such socket')]);
  }
});

test('an old image ID goes before a build that may fail, and never what is not a file', async () => {
  const at = (name: string) => path.join(dir, name);
  for (const name of ['old', 'behind']) writeFileSync(at(name), 'sha256:old');
  symlinkSync('behind', at('link'));
  symlinkSync('pipe', at('pipe-link'));
  for (const name of ['old', 'link', 'pipe', 'pipe-link']) {
    const { code, stderr } = await runCli(['build', dir, '--iidfile', at(name), '--builder', `unix://${at('none')}`]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no such socket')]);
  }
  expect(existsSync(at('old'))).toBe(false);
  expect([readFileSync(at('behind'), 'utf8'), lstatSync(at('link')).isSymbolicLink()]).toEqual(['', true]);
  expect([lstatSync(at('pipe')).isFIFO(), lstatSync(at('pipe-link')).isSymbolicLink()]).toEqual([true, true]);
});

test.each([
  '',
  '{',
  '{}',
  '{"def": 1}',
  '{"def": []}',
  '{"linux/amd64": {}}',
  '{"linux/amd64": null}',
  '{"def": null, "platform": "x/y/z/w", "config": {}}',
  'null',
  '[]',
  'text',
  '\n\x05abc', // a definition that ends early
  '\n\x02\x0a\x7f', // a definition, whose op ends early
])('a broken compiled file %j is wrong usage', async (text) => {
  const file = path.join(dir, 'broken');
  writeFileSync(file, text);
  const { code, stderr } = await runCli(['solve', file, '--builder', `unix://${dir}/nosuch`]);
  expect(stderr).toContain(file);
  expect(stderr).not.toMatch(/Cannot (read|convert)|is not (iterable|a function)|undefined/);
  expect(code).toBe(2);
});
