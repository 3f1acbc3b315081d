/** Names that every JavaScript object has a property of, wherever a user chooses a name. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCall } from '../../src/cli/build-command/call.ts';
import { parseOutputs } from '../../src/cli/build-command/outputs.ts';
import { parseCaches } from '../../src/cli/options/caches.ts';
import { frontendAttrs } from '../../src/cli/options/frontend-attrs.ts';
import { parseSecrets } from '../../src/cli/options/secrets.ts';
import { secrets } from '../../src/client/session/secrets.ts';
import { readEnvironment } from '../../src/gateway/read-environment.ts';
import { Secrets } from '../../src/gen/moby/buildkit/secrets/v1/secrets_pb.ts';
import { dockerCredentials } from '../../src/registry/docker-config.ts';
import { parseImageTable } from '../../src/resolve/image-table.ts';
import { noBuildFlags } from '../cli/no-build-flags.ts';
import { runCli } from '../cli/run-cli.ts';
import { fakeDaemon } from '../client/fake-daemon.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const names = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf'];
/** An object with such a property of its own, as JSON.parse makes it. */
const own = <T>(name: string, value: T): Record<string, T> => Object.fromEntries([[name, value]]);

describe.each(names)('the name %s', (name) => {
  const compile = async (dockerfile: string, args: readonly string[], env: Record<string, string> = {}) => {
    const result = await runCli(['compile', '--offline', '--format=tree', '-', ...args], { stdin: dockerfile, env });
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return result.stdout;
  };

  test('a property name works as a build argument, with a value, with one of the environment, without', async () => {
    const dockerfile = `FROM scratch\nARG ${name}=default\nWORKDIR /got-$${name}-\n`;
    expect(await compile(dockerfile, [`--build-arg=${name}=given`])).toContain('mkdir /got-given- ');
    expect(await compile(dockerfile, ['--build-arg', name], own(name, 'env'))).toContain('mkdir /got-env- ');
    expect(await compile(dockerfile, ['--build-arg', name])).toContain('mkdir /got-default- ');
    expect(frontendAttrs({ ...noBuildFlags, buildArg: [name] }, {})).toEqual({});
    expect(frontendAttrs({ ...noBuildFlags, buildArg: [name] }, own(name, 'env'))).toEqual({
      [`build-arg:${name}`]: 'env',
    });
    expect(frontendAttrs({ ...noBuildFlags, label: [`${name}=l`] }, {})).toEqual({ [`label:${name}`]: 'l' });
  });

  test('a property name works as an ENV, a frontend option and a lint rule', async () => {
    const dockerfile = `# check=skip=${name}\nFROM scratch\nENV ${name}=e\nWORKDIR /got-$${name}-\n`;
    expect(await compile(dockerfile, [`--opt=${name}=1`, `--label=${name}=2`])).toContain('mkdir /got-e- ');
    expect(readEnvironment({ BUILDKIT_FRONTEND_OPT_0: `${name}=1` }).opts).toStrictEqual(
      Object.assign(Object.create(null), own(name, '1')),
    );
    expect(Object.entries(readEnvironment({ BUILDKIT_FRONTEND_OPT_0: `${name}=1` }).opts)).toEqual([[name, '1']]);
  });

  test.runIf(/^[a-z]/.test(name))('a property name works as a stage and a target', async () => {
    const stage = `FROM scratch AS ${name.toLowerCase()}\nWORKDIR /made\nFROM scratch\nCOPY --from=${name} / /\n`;
    expect(await compile(stage, [])).toContain('mkdir /made');
    expect(await compile(stage, [`--target=${name}`])).not.toContain('copy');
    const context = [`--build-context=${name.toLowerCase()}=docker-image://scratch`];
    await expect(compile(`FROM ${name.toLowerCase()}\nWORKDIR /on\n`, context)).resolves.toContain('mkdir /on');
  });

  test('a property name is not a call, not an image of a table and not a credential helper', async () => {
    expect(() => parseCall({ call: name })).toThrow(/subrequest .* is not supported/);
    const table = parseImageTable('{"images":{}}', 'f');
    const reference = { domain: 'docker.io', path: 'library/x', tag: name, digest: '' };
    expect(await table.resolve(reference, undefined)).toBeUndefined();
    const dir = temporaryDir({
      'config.json': JSON.stringify({ credHelpers: {}, auths: own(name, { username: 'u' }) }),
    });
    expect(await dockerCredentials(dir)(name)).toMatchObject({ username: 'u' });
  });

  test('a property name works as an attribute of outputs and caches', () => {
    const place = { kind: 'buildkitd', pushes: true, load: () => process.stdout } as const;
    const key = name.toLowerCase();
    const { exports } = parseOutputs({ ...noBuildFlags, allowUnknown: true, output: [`type=image,${name}=1`] }, place);
    expect(Object.entries(exports[0]!.type === 'image' ? (exports[0]!.attrs ?? {}) : {})).toEqual([[key, '1']]);
    const [cache] = parseCaches('--cache-to', [`type=x,${name}=1`], true);
    expect(Object.entries(cache!.attrs ?? {})).toEqual([[key, '1']]);
    const annotated = parseOutputs({ ...noBuildFlags, output: ['type=image'], annotation: [`${name}=a`] }, place)
      .exports[0]!;
    expect(annotated).toMatchObject({ attrs: { [`annotation.${name}`]: 'a' } });
  });

  test('a property name works as the id of a secret', async () => {
    const file = path.join(temporaryDir(), 'f');
    writeFileSync(file, 'content');
    const parsed = parseSecrets([`id=${name},src=${file}`], {});
    expect(Object.entries(parsed)).toEqual([[name, { file }]]);
    expect(Object.entries(parseSecrets([`id=${name}`], own(name, 'x')))).toEqual([[name, { env: name }]]);
    expect(() => parseSecrets([`id=${name}`], {})).toThrow(`failed to stat ${name}`); // a file of that name
    const client = (await fakeDaemon(await secrets(new Map(Object.entries(parsed))))).client(Secrets);
    expect(Buffer.from((await client.getSecret({ ID: name })).data).toString()).toBe('content');
    const unset = (await fakeDaemon(await secrets(new Map([['s', { env: name }]])))).client(Secrets);
    await expect(unset.getSecret({ ID: 's' })).rejects.toThrow('secret s: not found');
    await expect(client.getSecret({ ID: 'isPrototypeOf' })).rejects.toThrow('not found');
  });
});

await onEngines('names of properties', { suites: ['forky'] }, (engine) => {
  const build = async (args: readonly string[], stdin = '') => {
    const result = await runCli(['build', '--progress=quiet', `--builder=${engine.address}`, ...args], { stdin });
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return result;
  };

  test('names of properties reach the image as they do with the reference', async () => {
    const lines = names.flatMap((name) => [
      `ARG ${name}`,
      `ENV ${name}=$${name}-env`,
      `LABEL ${name}=$${name}`,
      `EXPOSE 80`,
      `VOLUME ${name}`,
    ]);
    const dir = temporaryDir({ Dockerfile: `FROM scratch\n${lines.join('\n')}\n` });
    const given = names.flatMap((name) => [`--build-arg=${name}=arg`, `--label=of-${name}=1`, `--label=${name}=flag`]);
    const configs = [];
    for (const frontend of ['tsfront', 'dockerfile.v0']) {
      const dest = path.join(dir, frontend);
      await build([
        `--frontend=${frontend}`, '--provenance=false', '--build-arg=SOURCE_DATE_EPOCH=0', ...given,
        '-o', `type=oci,tar=false,dest=${dest}`, dir,
      ]); // biome-ignore format: a list
      const blob = (digest: string) =>
        readFileSync(path.join(dest, 'blobs/sha256', digest.replace('sha256:', '')), 'utf8');
      const index = JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8'));
      configs.push(blob(JSON.parse(blob(index.manifests[0].digest)).config.digest));
    }
    expect(configs[0]).toBe(configs[1]);
    for (const name of names) expect(configs[0]).toContain(`"${name}":"flag"`);
    for (const name of names) expect(configs[0]).toContain(`"${name}=arg-env"`);
  });

  test('property names work as secrets in a step', async () => {
    const dir = temporaryDir();
    const mounts = names.map((name) => `--mount=type=secret,id=${name}`).join(' ');
    const copies = names.map((name) => `cat /run/secrets/${name} > /out/${name}`).join(' && ');
    const dockerfile = [
      `FROM ${await engine.baseImage()} AS b`,
      `RUN ${mounts} mkdir /out && ${copies}`,
      'FROM scratch',
      'COPY --from=b /out /',
      '',
    ].join('\n');
    mkdirSync(path.join(dir, 'context'));
    writeFileSync(path.join(dir, 'context/Dockerfile'), dockerfile);
    const given = names.map((name) => {
      writeFileSync(path.join(dir, name), `secret ${name}`);
      return `--secret=id=${name},src=${path.join(dir, name)}`;
    });
    await build(['--no-cache', ...given, '-o', path.join(dir, 'out'), path.join(dir, 'context')]);
    for (const name of names) expect(readFileSync(path.join(dir, 'out', name), 'utf8')).toBe(`secret ${name}`);
    expect(existsSync(path.join(dir, 'out/isPrototypeOf'))).toBe(false);
  });
});
