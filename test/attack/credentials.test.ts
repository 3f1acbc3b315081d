/** Credentials in addresses, wherever a user may write one: used where they belong, printed and recorded nowhere. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openInputs } from '../../src/cli/build-command/build-inputs.ts';
import { gitAttrs } from '../../src/cli/build-command/git-provenance.ts';
import { parseAddress } from '../../src/client/connect/address.ts';
import { dial } from '../../src/client/connect/dial.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

interface Web {
  readonly host: string;
  /** `PATH AUTHORIZATION` of each request. */
  readonly log: string[];
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  close(): void;
}

async function startWeb(): Promise<Web> {
  const log: string[] = [];
  const server = http.createServer((request, response) => {
    log.push(`${request.url} ${request.headers.authorization ?? '-'}`);
    web.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const web: Web = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    answer: (_, response) => void response.writeHead(404).end(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return web;
}

let web: Web;
let dir: string;
beforeEach(async () => {
  web = await startWeb();
  dir = temporaryDir({ Dockerfile: 'FROM scratch\n' });
});
afterEach(() => web.close());

/** `Sekret` and `Hidden` are in each: neither may be seen. */
const passwords = [
  'SekretHidden',
  'Sekret@Hidden',
  'Sekret/Hidden',
  'Sekret#Hidden',
  'Sekret?Hidden',
  'Sekret%40Hidden',
];

describe.each(passwords)('the password %s', (password) => {
  const expectHidden = ({ stdout, stderr }: { stdout: string; stderr: string }) => {
    expect(stderr).not.toMatch(/Sekret|Hidden/);
    expect(stdout).not.toMatch(/Sekret|Hidden/);
  };

  test('a context, a named context and a mirror that fail do not show the password', async () => {
    for (const what of ['repository.git#main', 'Dockerfile']) {
      const address = `http://user:${password}@${web.host}/${what}`;
      const main = await runCli(['check', address]);
      expect(main.code).not.toBe(0);
      expectHidden(main);
      await writeFile(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY --from=other a /\nADD --link b c\n');
      expectHidden({
        ...(await runCli(['compile', dir, '--build-context', `other=${address}`, '--offline'])),
        stdout: '', // the daemon gets the address as it is
      });
    }
    await writeFile(path.join(dir, 'Dockerfile'), `FROM ${web.host}/nothing\n`);
    const mirrored = await runCli(['check', dir, '--mirror', `${web.host}=http://user:${password}@${web.host}`]);
    expect(mirrored.code).toBe(1);
    expectHidden(mirrored);
  });

  test('inputs of a build and the address of a daemon do not show the password', async () => {
    const address = `http://user:${password}@${web.host}/Dockerfile`;
    const message = (promise: Promise<unknown>) =>
      promise.then(
        () => 'opened',
        (error: Error) => error.message,
      );
    const signal = AbortSignal.timeout(5000);
    const messages = [
      await message(openInputs(dir, address, [])),
      await message(openInputs(`ftp://user:${password}@${web.host}`, undefined, [])),
      await message(openInputs(dir, undefined, [`x=ftp://user:${password}@${web.host}`])),
      await message((async () => dial(parseAddress(`tcp://user:${password}@127.0.0.1:1`), { signal }))()),
      await message((async () => parseAddress(`ftp://user:${password}@host`))()),
    ];
    for (const text of messages) expect(text).not.toMatch(/Sekret|Hidden|^opened$/);
  });

  test('the recorded remote of a repository does not contain the password', async () => {
    const git = (...args: string[]) => execFileSync('git', ['-C', dir, ...args]);
    git('init', '--quiet');
    git('remote', 'add', 'origin', `https://user:${password}@example.com/x.git`);
    const attrs = await gitAttrs({ context: dir }, path.join(dir, 'Dockerfile'), { BUILDX_GIT_LABELS: '1' });
    expect(attrs['vcs:source']).toBe('https://example.com/x.git');
    expect(attrs['label:org.opencontainers.image.source']).toBe('https://example.com/x.git');
  });
});

describe('http://user:password@host', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('works as context and as Dockerfile', async () => {
    web.answer = (request, response) => {
      if (request.headers.authorization === basic('me:p@ss/word')) response.end('FROM scratch\nLABEL a=b\n');
      else response.writeHead(401).end();
    };
    const address = `http://me:p%40ss%2Fword@${web.host}/Dockerfile`;
    expect(await runCli(['check', address])).toMatchObject({ code: 0, stderr: '' });
    const inputs = await openInputs(dir, address, []);
    await inputs.cleanUp();
    expect(inputs.frontendAttrs['filename']).toBe('Dockerfile');
    const refused = await runCli(['check', `http://${web.host}/Dockerfile`]);
    expect(refused.stderr).toContain('HTTP status 401 (a user and a password may be in the address)');
  });

  test('credentials are not sent to another host that an address redirects to', async () => {
    const other = await startWeb();
    try {
      other.answer = (_, response) => void response.end('FROM scratch\n');
      web.answer = (request, response) => {
        if (request.url === '/here') response.end('FROM scratch\n');
        else response.writeHead(302, { location: request.url === '/x' ? '/here' : `http://${other.host}/there` }).end();
      };
      for (const from of ['x', 'y'])
        expect((await runCli(['check', `http://me:word@${web.host}/${from}`])).code).toBe(0);
      expect(new Set(web.log)).toEqual(new Set(['/x', '/here', '/y'].map((url) => `${url} ${basic('me:word')}`)));
      expect(new Set(other.log)).toEqual(new Set(['/there -']));
    } finally {
      other.close();
    }
  });
});

await onEngines('credentials of a context', { suites: ['forky', 'trixie'] }, (engine) => {
  test.each(passwords)('no report of progress contains the credentials: %s', async (password) => {
    for (const mode of ['rawjson', 'plain']) {
      const address = `http://user:${password}@${web.host}/p.git#main`;
      const result = await runCli(['build', `--builder=${engine.address}`, `--progress=${mode}`, address]);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/p\.git|invalid port/);
      expect(result.stdout + result.stderr).not.toMatch(/Sekret|Hidden/);
    }
  });

  test('nothing that a successful build writes or keeps contains the credentials', async () => {
    // In the engine's network: the daemon fetches from there.
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const listening = path.join(dir, 'listening');
    const script = `require('http').createServer((request, response) => response.end('FROM scratch\\nCOPY . /\\n')).listen(${port}, '127.0.0.1', () => require('fs').writeFileSync(${JSON.stringify(listening)}, ''))`;
    const server = engine.serve(process.execPath, ['-e', script]);
    try {
      const address = `http://SekretUser:SekretHidden@127.0.0.1:${port}/Dockerfile?code=SekretCode&%74oken=SekretToken`;
      const file = path.join(dir, 'metadata.json');
      const args = ['build', `--builder=${engine.address}`, `--metadata-file=${file}`, '--progress=plain', address];
      const env = { BUILDX_METADATA_PROVENANCE: 'max' };
      const attest = ['--attest=type=provenance,mode=max', `--output=type=oci,dest=${path.join(dir, 'image.tar')}`];
      await expect.poll(() => existsSync(listening)).toBe(true);
      const built = await runCli([...args, ...attest], { env });
      expect(built.code, built.stderr).toBe(0);
      expect(built.stderr).not.toMatch(/Sekret/);
      const metadata = await readFile(file, 'utf8');
      expect(metadata).toContain(`@127.0.0.1:${port}/Dockerfile?code=xxxxx`);
      expect(metadata).not.toMatch(/Sekret/);
      const ref = /"buildx.build.ref": "[^"]*\/(\w+)"/.exec(metadata)![1]!;
      const { stdout, code } = await runCli(['history', 'inspect', ref, `--builder=${engine.address}`]);
      expect(code).toBe(0);
      expect(stdout).toContain(ref);
      expect(stdout).not.toMatch(/Sekret/);
    } finally {
      server.kill();
    }
  });

  test('an error about a tag that contains credentials does not show them', async () => {
    const args = ['build', `--builder=${engine.address}`, '-t', 'https://Sekret@example.com/p', dir];
    const { stderr, code } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toContain('for --tag: invalid reference format');
    expect(stderr).not.toContain('Sekret');
  });
});
