/** The program for the architecture that this machine has not, in Debian's qemu: it says what Node would say there. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { host } from '#host';
import { machine, unpackPackages } from '../../scripts/engine/packages.mjs';
import { goldenNames, readCase } from '../golden/cases.ts';
import { onBinary, skipAloud } from './binary.ts';
import { messagesHere, messagesOf } from './messages.ts';

const other = machine === 'arm64' ? 'amd64' : 'arm64';
const title = `golden cases on ${other}`;
const names = goldenNames().filter((_, index) => index % 40 === 0);

/** The emulator of `other`, if Debian can be reached; otherwise standard error has the reason. */
function findEmulator(): string | undefined {
  const name = other === 'arm64' ? 'qemu-aarch64' : 'qemu-x86_64';
  try {
    return path.join(unpackPackages('emulator', 'emulator'), 'usr/bin', name);
  } catch {
    return undefined;
  }
}

function testIn(emulator: string, program: string): void {
  beforeAll(() => {
    vi.spyOn(host, 'architecture', 'get').mockReturnValue(other);
    vi.stubEnv('PATH', ''); // the program has no xz, so Node gets none
  });
  test.each(names)('%s sends the messages that this machine sends', async (name) => {
    const build = readCase(name);
    expect((await messagesOf([emulator, program], build)).messages).toEqual(await messagesHere(build));
  });
}

const emulator = findEmulator();
if (emulator && existsSync(emulator)) onBinary(title, (program) => testIn(emulator, program), other);
else skipAloud(title, 'there is no emulator, which is Debian’s package qemu-user');
