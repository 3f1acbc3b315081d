import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect, dockerfileFrontend, type InProcessFrontend, solve } from '../../src/client/index.ts';
import { parsePrivateKey } from '../../src/client/session/ssh-keys.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { hasOpenSsh, OpenSsh } from './openssh.ts';

const types = ['ed25519', 'ecdsa', 'rsa'];

await onEngines('a step with an SSH agent', { suites: ['forky', 'trixie'] }, (engine) => {
  if (!hasOpenSsh(engine)) return;
  let openssh: OpenSsh;
  let connection: Connection;
  const context = temporaryDir();
  beforeAll(async () => {
    openssh = new OpenSsh(engine);
    for (const type of types) {
      await openssh.createKey(type);
      copyFileSync(openssh.file(`${type}.pub`), path.join(context, `${type}.pub`));
    }
    await programs(['/usr/bin/ssh-keygen', '/usr/bin/ssh-add']);
    writeFileSync(path.join(context, 'message'), 'to be signed');
    const sign = types.map(
      (type) => `ssh-keygen -Y sign -n tsfront -f /in/${type}.pub < /in/message > /out/${type}.sig`,
    );
    writeFileSync(
      path.join(context, 'Dockerfile'),
      `FROM ${await engine.baseImage()} AS signed
ENV PATH=/usr/bin:/bin
COPY root /
COPY *.pub message /in/
RUN --mount=type=ssh mkdir /out && ssh-add -L > /out/listed && ${sign.join(' && ')} && env && ls -l $SSH_AUTH_SOCK
`,
    );
    connection = await connect(engine.dockerHost);
  });
  afterAll(() => {
    connection?.close();
    openssh?.end();
  });

  /** Copies programs of the engine's root into the context, with the libraries they need. */
  const programs = async (names: string[]) => {
    const files = new Set(names);
    for (const name of names)
      for (const [file] of (await openssh.run('env', 'LD_TRACE_LOADED_OBJECTS=1', name)).matchAll(/\/\S+/g))
        files.add(file);
    for (const file of files) {
      const to = path.join(context, 'root', file);
      mkdirSync(path.dirname(to), { recursive: true });
      copyFileSync(path.join(engine.home, 'root', file), to);
    }
  };

  /** What must not be found: the lines of the key files, and the numbers that make the keys secret. */
  const secrets = async () => {
    const found: Buffer[] = [];
    for (const type of types) {
      const [, ...lines] = readFileSync(openssh.file(type), 'latin1').split('\n');
      const { d } = (await parsePrivateKey(openssh.file(type))).key.export({ format: 'jwk' });
      // The line of the file in which it is: others are made of the public key.
      const padded = Buffer.from(d!, 'base64url');
      const number = padded.subarray(padded.findIndex((byte) => byte !== 0));
      const middle = Buffer.from(lines.join(''), 'base64').indexOf(number) + number.length / 2;
      found.push(Buffer.from(lines[Math.floor((middle * 4) / 3 / lines[0]!.length)]!));
      found.push(number, Buffer.from(d!));
    }
    expect(found.every(({ length }) => length >= 28)).toBe(true);
    return found;
  };

  test.each(['the socket of an agent', 'key files'])('signs through %s, and the keys stay here', async (way) => {
    const paths = way === 'key files' ? types.map((type) => openssh.file(type)) : [await openssh.startAgent(...types)];
    const sent: Uint8Array[] = [];
    const frontend: InProcessFrontend = (bridge) =>
      dockerfileFrontend({
        ...bridge,
        solve(request) {
          if (request.definition) sent.push(request.definition.encode());
          return bridge.solve(request);
        },
      });
    const out = temporaryDir();
    const build = solve(connection, {
      frontend,
      frontendAttrs: { 'no-cache': '', 'attest:provenance': 'mode=max' },
      localDirs: { context, dockerfile: context },
      ssh: [{ paths }],
      exports: [
        {
          type: 'oci',
          dest: path.join(out, 'image.tar'),
          attrs: { compression: 'uncompressed', 'force-compression': 'true' },
        },
        { type: 'local', dest: path.join(out, 'files') },
      ],
      auth: false,
    });
    const seen: string[] = [];
    for await (const update of build.status) {
      for (const { data } of update.logs) seen.push(Buffer.from(data).toString('latin1'));
      seen.push(JSON.stringify(update, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
    }
    await build.result;

    const made = (name: string) => path.join(out, 'files/out', name);
    for (const type of types) {
      const [algorithm, blob] = readFileSync(path.join(context, `${type}.pub`), 'utf8').split(' ');
      expect(readFileSync(made('listed'), 'utf8')).toContain(`${algorithm} ${blob}`);
      writeFileSync(openssh.file('allowed'), `me ${algorithm} ${blob}\n`);
      copyFileSync(made(`${type}.sig`), openssh.file('sig'));
      const verify = (message: string) =>
        openssh.run(
          'sh',
          '-c',
          `cd ${openssh.inside}; printf "${message}" | ssh-keygen -Y verify -f allowed -I me -n tsfront -s sig`,
        );
      expect(await verify('to be signed')).toContain('Good "tsfront" signature for me');
      await expect(verify('something else')).rejects.toThrow(/incorrect signature|Could not verify/i);
    }

    const image = readFileSync(path.join(out, 'image.tar'));
    expect(image.includes(readFileSync(made('ed25519.sig')))).toBe(true); // what is there is found
    const places = { image, llb: Buffer.concat(sent), logs: Buffer.from(seen.join('\n'), 'latin1') };
    expect(places.logs.includes('SSH_AUTH_SOCK=')).toBe(true);
    expect(sent.length).toBeGreaterThan(0);
    for (const secret of await secrets())
      for (const [place, bytes] of Object.entries(places)) expect(bytes.includes(secret), place).toBe(false);
  });
});
