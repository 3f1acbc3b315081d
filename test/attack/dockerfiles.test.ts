/** Dockerfiles that are made to be too much: in a process with little memory, each ends with an answer or an error. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../engine/command.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { seeded } from './interrupts.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
/** Nothing here takes more than seconds; a process that runs for so long hangs. */
const hangsMs = 300_000;

const times = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('');
const scratch = 'FROM scratch\n';
const randomBytes = (count: number) => {
  const random = seeded(7);
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
};

const attacks: Readonly<Record<string, () => string | Buffer>> = {
  'a line of 10 MB': () => `${scratch}ENV A=${'x'.repeat(10_000_000)}\n`,
  'a line of 2 MB of words': () => `${scratch}RUN ${'word '.repeat(400_000)}\n`,
  'an unknown instruction of 5 MB': () => `${scratch}${'X'.repeat(5_000_000)} y\n`,
  'expansions in expansions': () => `${scratch}ENV A=${'${A:-'.repeat(20_000)}x${'}'.repeat(20_000)}\n`,
  'quotes in quotes': () => `${scratch}ENV A=${`"'\\`.repeat(200_000)}\n`,
  'variables that double': () => `${scratch}ENV A=0123456789\n${'ENV A=$A$A\n'.repeat(60)}`,
  'arguments that double': () => `ARG A=0123456789\n${'ARG A=$A$A\n'.repeat(60)}FROM $A\n`,
  'patterns of many stars': () =>
    `${scratch}ARG A=${'a'.repeat(20_000)}\nENV B=\${A//${'*a'.repeat(50)}b/x} C=\${A##${'*a'.repeat(50)}b} D=\${A%%${'a*'.repeat(50)}b}\n`,
  'an ENV over 2,000 lines of undefined variables': () => `${scratch}ENV \\\n${times(2000, (i) => `  V${i}=$U${i} \\\n`)}  END=1\n`,
  '40,000 lint warnings': () => `${scratch}${times(40_000, (i) => `ENV a${i} b\n`)}`,
  '5,000 errors': () => `${scratch}${times(5000, (i) => `COPPY a${i} b\n`)}`,
  '5,000 stages': () => times(5000, (i) => `FROM scratch AS s${i}\nLABEL a=b\n`),
  '3,000 stages, each from the one before': () => `FROM scratch AS s0\n${times(3000, (i) => `FROM s${i} AS s${i + 1}\nCOPY a b\n`)}`,
  '300 stages that copy from all before': () =>
    times(300, (i) => `FROM scratch AS s${i}\n${times(Math.min(i, 100), (j) => `COPY --from=s${j} /a /b${j}\n`)}`),
  'a circle of 1,000 stages': () => times(1000, (i) => `FROM s${(i + 1) % 1000} AS s${i}\n`),
  '20,000 steps': () => `${scratch}${times(20_000, (i) => `RUN echo ${i}\n`)}`,
  '5,000 arguments, each with the one before': () => `${scratch}${times(5000, (i) => `ARG A${i}=$A${i - 1}x\n`)}`,
  '50,000 labels in one instruction': () => `${scratch}LABEL ${times(50_000, (i) => `l${i}=v `)}\n`,
  'a COPY of 30,000 sources': () => `${scratch}COPY ${times(30_000, (i) => `f${i} `)}/dest/\n`,
  '3,000 copies and as many commands': () => `${scratch}${times(3000, (i) => `COPY f${i} /d/\n`)}${times(3000, (i) => `RUN /d/f${i}x && d${i}\n`)}`,
  '3,000 mounts': () => `${scratch}RUN ${times(3000, (i) => `--mount=type=cache,target=/c${i} `)} true\n`,
  '5,000 heredocs in a line': () => `${scratch}RUN ${times(5000, (i) => `<<E${i} `)}\n${times(5000, (i) => `x\nE${i}\n`)}`,
  'a heredoc without an end': () => `${scratch}RUN <<END\n${'line\n'.repeat(1_000_000)}`,
  'heredocs in heredocs': () => `${scratch}${times(3000, (i) => `COPY <<"E${i}" /f${i}\nRUN <<E${i - 1}\n`)}`,
  'words of 1 MB in continued lines': () => `${scratch}ENV A=${`${'x'.repeat(50_000)}\\\n`.repeat(20)}\nRUN ${`${'y'.repeat(50_000)}\\\n`.repeat(20)}\n`,
  'a million empty lines': () => `${scratch}${'\n'.repeat(1_000_000)}`,
  '200,000 continued lines': () => `${scratch}RUN a ${'\\\n'.repeat(200_000)}b\n`,
  '100,000 comments in an instruction': () => `${scratch}RUN a \\\n${'# comment\n'.repeat(100_000)}b\n`,
  '20,000 lines of characters that mislead': () => `${scratch}${times(20_000, () => 'RUN \u2013a\u00a0\u200b\u201cb\n')}`,
  '50,000 here-documents that are none': () => `${scratch}${times(50_000, (i) => `CMD <<E${i}\n`)}X\n`,
  'lists in lists': () => `${scratch}CMD ${'['.repeat(200_000)}\n`,
  'a list of 200,000': () => `${scratch}CMD [${'"a",'.repeat(200_000)}"a"]\n`,
  '50,000 arguments': () => `${scratch}${times(50_000, (i) => `ARG A${i}=x\n`)}`,
  '20,000 arguments, each with one that is almost there': () => `${scratch}${times(20_000, (i) => `ARG A${i}=\${A${i}x}\n`)}`,
  '10,000 FROM with names that are almost there': () =>
    `${times(10_000, (i) => `ARG A${i}=scratch\n`)}${times(10_000, (i) => `FROM scratch$A${i}x\n`)}`,
  'variables that double from stage to stage': () =>
    `FROM scratch AS s0\nENV A=0123456789\n${times(60, (i) => `FROM s${i} AS s${i + 1}\nENV A=$A$A\n`)}`,
  '20,000 stages': () => times(20_000, (i) => `FROM scratch AS s${i}\n`),
  'triggers in triggers': () => `${scratch}${'ONBUILD '.repeat(50_000)}RUN a\n`,
  'a range of all ports and more': () => `${scratch}EXPOSE 1-65535 1-65535/udp 1-99999999999999999999\n`,
  'directives without end': () => `${times(20_000, (i) => `# key${i}=value\n`)}# syntax=${'x'.repeat(100_000)}\n${scratch}`,
  'a check directive of 1 MB': () => `# check=skip=${'Rule,'.repeat(200_000)};error=true\n${scratch}`,
  'numbers out of range': () =>
    `${scratch}HEALTHCHECK --interval=${'9'.repeat(5000)}s --retries=${'9'.repeat(5000)} CMD a\nSTOPSIGNAL ${'9'.repeat(9999)}\nUSER ${'9'.repeat(9999)}\n`,
  'bytes by chance': () => Buffer.concat([Buffer.from(scratch), randomBytes(300_000)]),
  'bytes that are not text': () => Buffer.concat([Buffer.from(`${scratch}ENV A=`), Buffer.alloc(1_000_000, 0xff)]),
  'zero bytes': () => Buffer.alloc(1_000_000),
  'byte order marks and carriage returns': () => `\ufeff\ufeff${scratch}${'\r'.repeat(100_000)}RUN a\r\r\n\u202eRUN b\u2028RUN c\n`,
}; // biome-ignore format: a table

describe.concurrent('a Dockerfile ends with an answer or an error that has', { timeout: 2 * hangsMs }, () => {
  test.each(Object.entries(attacks))('a Dockerfile ends with an answer or an error that has %s', async (_, make) => {
    const dir = temporaryDir();
    mkdirSync(path.join(dir, 'context'));
    writeFileSync(path.join(dir, 'Dockerfile'), make());
    const file = ['--offline', '-f', path.join(dir, 'Dockerfile'), path.join(dir, 'context')];
    for (const command of [['check', ...file], ['compile', '--format=pb', '-o', path.join(dir, 'out'), ...file]]) {
      const args = ['--max-old-space-size=256', cli, ...command];
      const { status, signal, stdout, stderr } = await runCommand(process.execPath, args, { timeout: hangsMs });
      const said = `${command[0]}: ${signal} ${stderr.slice(0, 2000)}`;
      expect([0, 1], said).toContain(status);
      expect(stderr, said).not.toMatch(/\n {4}at |heap out of memory|Invalid string length|call stack/);
      if (status === 1) expect(stdout + stderr, said).toMatch(/\S/);
      expect(stdout.length + stderr.length, said).toBeLessThan(4_000_000);
    }
  });
}); // biome-ignore format: lines
