/** What the corpus needs beside an engine: an image with triggers, a web server, a git repository, an SSH agent. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from '../../scripts/image/tar.ts';
import type { Engine } from '../engine/engine.ts';

export interface Fixtures {
  /** Replaces the stand-ins (`@BASE@` …) of a case. */
  fill(text: string, context?: string): string;
  close(): void;
}

const webPort = 8123;
const gitPort = 8124;
const stallPort = 8125;

/** Starts the servers in the engine's network, where its builds find them, and makes the images. */
export async function startFixtures(engine: Engine): Promise<Fixtures> {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-fixtures-'));
  const children: ChildProcess[] = [];
  const serve = (command: string, args: string[]) => children.push(engine.serve(command, args));

  const file = Buffer.from('from the web\n');
  const web = path.join(dir, 'web');
  mkdirSync(web);
  writeFileSync(path.join(web, 'file.txt'), file);
  writeFileSync(path.join(web, 'archive.tar.gz'), gzipSync(createTar([{ path: 'f', mode: 0o644, data: file }])));
  serve(process.execPath, [path.join(import.meta.dirname, 'web-server.mjs'), web, String(webPort)]);

  serve(process.execPath, ['-e', `require('node:http').createServer(() => {}).listen(${stallPort}, '127.0.0.1')`]);

  makeRepository(path.join(dir, 'git/repo.git'));
  serve('git', [
    'daemon',
    '--export-all',
    '--reuseaddr',
    '--listen=127.0.0.1',
    `--port=${gitPort}`,
    `--base-path=${path.join(dir, 'git')}`,
  ]);

  const agent = path.join(dir, 'agent.sock');
  const agentProcess = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' });
  children.push(agentProcess);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, 'key')]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  execFileSync('ssh-add', ['-q', path.join(dir, 'key')], { env: { ...process.env, SSH_AUTH_SOCK: agent } });

  const base = await engine.baseImage();
  const onbuild = `${engine.registry}/test/onbuild:1`;
  await engine.must('docker', ['build', '-q', '-t', onbuild, '-'], {
    input: `FROM ${base}\nONBUILD RUN echo triggered > /triggered\nONBUILD ENV TRIGGERED=yes\n`,
    env: { DOCKER_BUILDKIT: '1' },
  });
  await engine.must('docker', ['push', '-q', onbuild]);

  const values: Record<string, string> = {
    '@BASE@': base,
    '@ONBUILD@': onbuild,
    '@HTTP@': `http://127.0.0.1:${webPort}`,
    '@HTTPSUM@': createHash('sha256').update(file).digest('hex'),
    '@GIT@': `git://127.0.0.1:${gitPort}/repo.git`,
    '@AGENT@': agent,
    '@STALL@': `127.0.0.1:${stallPort}`,
  };
  return {
    fill: (text, context = '') =>
      text.replace(/@[A-Z]+@/g, (name) => (name === '@CONTEXT@' ? context : (values[name] ?? name))),
    close() {
      for (const child of children) child.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function makeRepository(bare: string): void {
  const work = `${bare}.work`;
  mkdirSync(path.join(work, 'directory'), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: work,
      stdio: 'ignore',
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_DATE: '1700000000 +0000',
        GIT_COMMITTER_DATE: '1700000000 +0000',
        GIT_AUTHOR_NAME: 'tester',
        GIT_AUTHOR_EMAIL: 'tester@example.com',
        GIT_COMMITTER_NAME: 'tester',
        GIT_COMMITTER_EMAIL: 'tester@example.com',
      },
    });
  git('init', '-q', '-b', 'main');
  writeFileSync(path.join(work, 'readme'), 'first\n');
  writeFileSync(path.join(work, 'directory/inside'), 'inside\n');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('tag', 'v1');
  writeFileSync(path.join(work, 'readme'), 'second\n');
  git('commit', '-q', '-a', '-m', 'second');
  git('clone', '-q', '--bare', work, bare);
}
