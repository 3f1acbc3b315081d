/** OpenSSH from the engine's root: keys, an agent and a server that tests can ruin. */
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { freePort } from '../free-port.ts';

/** Whether the engine brings OpenSSH; says aloud, or with CI=true fails, when it does not. */
export function hasOpenSsh(engine: Engine): boolean {
  if (engine.home && existsSync(path.join(engine.home, 'root/usr/sbin/sshd'))) return true;
  const reason = engine.home
    ? `the ${engine.suite} engine has no OpenSSH: stop it and run npm run engine install ${engine.suite}`
    : "the user's own daemon brings no OpenSSH";
  if (process.env['CI'] === 'true' && engine.home) test('OpenSSH', () => expect.fail(reason));
  else {
    console.warn(`\n*** SKIPPED tests with OpenSSH: ${reason}\n`);
    test.skip(reason, () => {});
  }
  return false;
}

export class OpenSsh {
  readonly engine: Engine;
  /** A directory as the programs see it, */
  readonly inside: string;
  /** and as this process does. */
  readonly outside: string;
  readonly #running: ChildProcess[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
    this.outside = mkdtempSync(path.join(engine.home, 'root/tmp/ssh-'));
    this.inside = `/tmp/${path.basename(this.outside)}`;
  }

  file(name: string): string {
    return path.join(this.outside, name);
  }

  /** Runs a program, with the files of its arguments below {@link inside}. @throws Error unless it exits with 0 */
  async run(command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.engine.control('enter', command, ...args);
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  start(command: string, ...args: string[]): void {
    this.#running.push(this.engine.enter(command, args));
  }

  async createKey(type: string): Promise<void> {
    await this.run('ssh-keygen', '-q', '-t', type, '-N', '', '-C', 'me', '-f', `${this.inside}/${type}`);
  }

  /** An agent that has keys. @returns its socket */
  async startAgent(...keys: string[]): Promise<string> {
    this.start('ssh-agent', '-D', '-a', `${this.inside}/agent`);
    await until(() => existsSync(this.file('agent')));
    const files = keys.map((key) => `${this.inside}/${key}`);
    await this.run('env', `SSH_AUTH_SOCK=${this.inside}/agent`, 'ssh-add', '-q', ...files);
    return this.file('agent');
  }

  /**
   * A server that lets the key `ed25519` in, and a client `ssh` that knows both.
   * @param programs where the server's commands find programs
   * @returns the server's port, and a directory to be put first in PATH
   */
  async startServer(programs: string): Promise<{ port: number; bin: string }> {
    const { inside } = this;
    const port = await freePort();
    await this.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${inside}/host`);
    mkdirSync(path.join(this.engine.home, 'root/run/sshd'), { recursive: true });
    copyFileSync(this.file('ed25519.pub'), this.file('authorized'));
    writeFileSync(this.file('known'), `[127.0.0.1]:${port} ${readFileSync(this.file('host.pub'), 'utf8')}`);
    const server = [
      ...[`ListenAddress 127.0.0.1:${port}`, `HostKey ${inside}/host`, `AuthorizedKeysFile ${inside}/authorized`],
      ...['StrictModes no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'UsePAM no', `SetEnv PATH=${programs}`],
    ];
    const client = [
      ...[`IdentityFile ${inside}/ed25519`, 'IdentitiesOnly yes', 'BatchMode yes'],
      ...['StrictHostKeyChecking yes', `UserKnownHostsFile ${inside}/known`],
    ];
    writeFileSync(this.file('sshd_config'), `${server.join('\n')}\n`);
    writeFileSync(this.file('ssh_config'), `${client.join('\n')}\n`);
    this.start('/usr/sbin/sshd', '-D', '-f', `${inside}/sshd_config`, '-E', `${inside}/sshd.log`);
    await until(() => reachable(port));
    mkdirSync(this.file('bin'));
    const script = `#!/bin/bash\nENGINE_HOME=${this.engine.home} exec ${enginePath} enter ssh -F ${inside}/ssh_config "$@"\n`;
    writeFileSync(this.file('bin/ssh'), script);
    chmodSync(this.file('bin/ssh'), 0o755);
    return { port, bin: this.file('bin') };
  }

  end(): void {
    for (const child of this.#running) child.kill();
    rmSync(this.outside, { recursive: true, force: true });
  }
}

const enginePath = path.resolve(import.meta.dirname, '../engine/engine.sh');

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i === 100) throw new Error('OpenSSH does not start');
    await sleep(100);
  }
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
