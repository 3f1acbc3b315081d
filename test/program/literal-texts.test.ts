/**
 * A text that a program gives is what the image, the command or the file gets, whatever Dockerfiles mean by its
 * characters.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphOf } from '../../src/build-program/graph.ts';
import { file, image, mount, type Stage } from '../../src/build-program/index.ts';
import { nodeOf } from '../../src/build-program/source.ts';
import { createSourceFile } from '../../src/diagnostic/source-file.ts';
import type { ExecOp, FileAction } from '../../src/gen/pb/ops_pb.ts';
import { readMessage } from '../../src/program/messages.ts';
import { toDockerfile } from '../../src/program/to-dockerfile.ts';
import { lower, type Result } from '../lower/lowering.ts';

/** Lowers a stage as the frontend does. */
async function lowerStage(stage: Stage): Promise<Result> {
  const { graph } = graphOf([{ node: nodeOf(stage)!, name: 'target' }]);
  const message = readMessage(JSON.stringify({ type: 'result', graph, targets: [], arguments: [], failures: [] }));
  if (message.type !== 'result') throw new Error('not a result');
  const source = createSourceFile('build.ts', 'the program\n');
  return lower(toDockerfile(message.graph, source, () => ({ start: 1, end: 1 }), new Map()));
}

const exec = ({ definition }: Result): ExecOp =>
  definition.ops().flatMap(({ op: { op } }) => (op.case === 'exec' ? [op.value] : []))[0]!;

const actions = ({ definition }: Result): FileAction['action'][] =>
  definition.ops().flatMap(({ op: { op } }) => (op.case === 'file' ? op.value.actions.map((it) => it.action) : []));

/** What shells, Dockerfiles, CSV and JSON give a meaning to. */
const hostile = fc.constantFrom(
  ...['"', "'", '$', '\\', ' ', '\n', '\t', '\r', '<<', '<<EOF', '--', '--from=x', '[', ']', '["a"]', '{', '}', '${A}'],
  ...[
    '$A',
    '`',
    '#',
    '#!',
    ',',
    ';',
    '=',
    ':',
    '!',
    '%',
    '*',
    '?',
    '~',
    '&',
    '|',
    '(',
    ')',
    '@',
    '-',
    'é',
    '\u2028',
    '😀',
  ],
  ...['a', 'b', '0', '1', 'EOF', 'CMD', 'NONE', 'AS', 'ONBUILD', '\\n', '\\"', '\\$', '\u00a0', '\u0000', '\ufeff'],
);
const text = fc.array(hostile, { maxLength: 6 }).map((parts) => parts.join(''));
const filled = text.filter((it) => it.trim() !== '');
const words = fc.array(text, { minLength: 1, maxLength: 4 });
const key = text.filter((it) => it !== '' && !it.includes('='));
/** A name in a directory. Characters of patterns keep their meaning in sources. */
const name = text.map((it) => it.replaceAll('/', '')).filter((it) => !/^\.*$/.test(it));
const source = name.map((it) => it.replace(/[*?[\]\\]/g, ''));

const holds = <Values extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof Values]: fc.Arbitrary<Values[K]> },
  check: (...values: Values) => Promise<void>,
) => fc.assert(fc.asyncProperty(...arbitraries, check), { numRuns: 200 });

const base = () => image('alpine');

describe('a text of a program is literal', () => {
  test('a command is passed to the shell as it is', () =>
    holds([filled.filter((it) => !it.startsWith('#!'))], async (command) => {
      expect(exec(await lowerStage(base().run(command))).meta!.args).toEqual(['/bin/sh', '-c', command]);
    }));

  test('a script is written to its file as it is', () =>
    holds([text], async (rest) => {
      const script = `#!/bin/cat ${rest}`;
      const result = await lowerStage(base().run(script));
      const files = actions(result).flatMap((it) =>
        it.case === 'mkfile' ? [Buffer.from(it.value.data).toString()] : [],
      );
      expect(files).toEqual([script.endsWith('\n') ? script : `${script}\n`]);
    }));

  test('a program gets its arguments as they are', () =>
    holds([words], async (command) => {
      expect(exec(await lowerStage(base().run(command))).meta!.args).toEqual(command);
    }));

  test('an environment variable has its value in commands and in the image', () =>
    holds([key, text], async (variable, value) => {
      const result = await lowerStage(base().env(variable, value).run('env'));
      expect(exec(result).meta!.env).toContain(`${variable}=${value}`);
      expect(result.image.config.env).toContain(`${variable}=${value}`);
    }));

  test('variables that are set together do not change each other', () =>
    holds([fc.uniqueArray(key, { minLength: 1, maxLength: 4 }), text], async (variables, value) => {
      const { image: made } = await lowerStage(base().env(Object.fromEntries(variables.map((it) => [it, value + it]))));
      for (const variable of variables) expect(made.config.env).toContain(`${variable}=${value}${variable}`);
    }));

  test('a label has its value in the image', () =>
    holds([key, text], async (label, value) => {
      const { image: made } = await lowerStage(base().label({ [label]: value }));
      expect([...made.config.labels!]).toEqual([[label, value]]);
    }));

  test('an argument has its default in commands', () =>
    holds([key, text], async (argument, value) => {
      expect(exec(await lowerStage(base().arg(argument, value).run('env'))).meta!.env).toContain(
        `${argument}=${value}`,
      );
    }));

  test('commands run in the working directory that is named, and the image has it', () =>
    holds([name], async (directory) => {
      const result = await lowerStage(base().workdir(`/${directory}`).run('pwd'));
      expect(exec(result).meta!.cwd).toBe(`/${directory}`);
      expect(result.image.config.workingDir).toBe(`/${directory}`);
    }));

  test('commands run as the user that is named, and the image has it', () =>
    holds([filled], async (user) => {
      const result = await lowerStage(base().user(user).run('id'));
      expect(exec(result).meta!.user).toBe(user);
      expect(result.image.config.user).toBe(user);
    }));

  test('the image has the entrypoint, command and shell that are named', () =>
    holds([words, filled, words], async (entrypoint, command, shell) => {
      const { config } = (await lowerStage(base().entrypoint(entrypoint).shell(shell).cmd(command))).image;
      expect(config.entrypoint).toEqual(entrypoint);
      expect(config.shell).toEqual(shell);
      expect(config.cmd).toEqual([...shell, command]);
    }));

  test('the image has the command of the health check', () =>
    holds([filled, words], async (command, list) => {
      expect((await lowerStage(base().healthcheck(command))).image.config.healthcheck!.test).toEqual([
        'CMD-SHELL',
        command,
      ]);
      expect((await lowerStage(base().healthcheck(list))).image.config.healthcheck!.test).toEqual(['CMD', ...list]);
    }));

  test('the image has the volume that is named', () =>
    holds([name.filter((it) => it.trim() === it)], async (volume) => {
      expect([...(await lowerStage(base().volume(volume))).image.config.volumes!]).toEqual([volume]);
    }));

  test('the image has the trigger and the author that are named', () =>
    holds([text], async (rest) => {
      const { image: made } = await lowerStage(base().onbuild(`RUN x${rest}`).maintainer(`x${rest}`));
      expect(made.config.onBuild).toEqual([`RUN x${rest}`]);
      expect(made.author).toBe(`x${rest}`);
    }));

  test('a copy has the source and the destination that are named', () =>
    holds([source, name], async (from, dest) => {
      const result = await lowerStage(base().copy(`/${from}`, `/${dest}`));
      expect(actions(result)).toMatchObject([{ value: { src: `/${from}`, dest: `/${dest}` } }]);
    }));

  /** An address of git (`user@host:path`) is refused, as in COPY; `./` before it makes a path of it. */
  const isAddress = (it: string) => /^[\w-]+@[\w.-]+:/.test(it);

  test('a source at the beginning of an instruction is not read as a flag or an array', () =>
    holds([source.filter((it) => it !== '' && !isAddress(it))], async (from) => {
      expect(actions(await lowerStage(base().copy(from, '/x')))).toMatchObject([{ value: { src: `/${from}` } }]);
    }));

  test('a copy has the owner and the patterns that are named', () =>
    holds(
      [filled.filter((it) => !/[:]|^[0-9+-]*$/.test(it)), fc.array(filled, { maxLength: 2 })],
      async (chown, exclude) => {
        const result = await lowerStage(base().copy('a', '/', { chown, exclude }));
        expect(actions(result)).toMatchObject([
          { value: { owner: { user: { user: { value: { name: chown } } } }, excludePatterns: exclude } },
        ]);
      },
    ));

  test('a file that the program writes has its name and its content', () =>
    holds([name.filter((it) => !/[\s'"\\$<\0]/.test(it)), text], async (called, content) => {
      const result = await lowerStage(base().copy(file(called, content), '/etc/'));
      expect(actions(result)).toMatchObject([
        { case: 'mkfile', value: { path: `/${called}`, data: new Uint8Array(Buffer.from(content)) } },
        { case: 'copy', value: { src: `/${called}`, dest: '/etc/' } },
      ]);
    }));

  test('a lone surrogate, which no file and no variable can have, is replaced', async () => {
    const { image: made } = await lowerStage(base().label('a', 'x\udc80').onbuild('RUN \ud800'));
    expect(made.config).toMatchObject({ labels: new Map([['a', 'x\ufffd']]), onBuild: ['RUN \ufffd'] });
  });

  test('a mount has the target, the source and the name that are given', () =>
    holds([name, source, key], async (target, from, id) => {
      const mounts = [
        mount.bind(`/${target}`, { source: `/s${from}` }),
        mount.cache(`/c/${target}`, { id }),
        mount.tmpfs(`/t/${target}`),
        mount.secret(id, { target: `/s/${target}` }),
        mount.secret(id, { env: id }),
        mount.ssh({ id, target: `/a/${target}` }),
      ];
      const { mounts: given, secretenv } = exec(await lowerStage(base().run('true', { mounts })));
      const at = (dest: string) => given.find((it) => it.dest === dest);
      expect(at(`/${target}`)).toMatchObject({ selector: `/s${from}` });
      expect(at(`/c/${target}`)!.cacheOpt!.ID).toBe(`/${id}`);
      expect(at(`/t/${target}`)).toBeDefined();
      expect(at(`/s/${target}`)!.secretOpt!.ID).toBe(id);
      expect(at(`/a/${target}`)!.SSHOpt!.ID).toBe(id);
      expect(secretenv).toMatchObject([{ ID: id, name: id }]);
    }));
});
