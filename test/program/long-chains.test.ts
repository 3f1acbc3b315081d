/** Programs in which each step of a long chain is copied from: they cost what their steps cost, and build the same. */
import { describe, expect, test } from 'vitest';
import { scratch } from '../../src/build-program/bases.ts';
import { graphOf } from '../../src/build-program/graph.ts';
import { nodeOf } from '../../src/build-program/source.ts';
import type { Stage } from '../../src/build-program/stage.ts';
import { compile } from '../../src/daemonless/compile.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';

/** @param begin what the chain begins with @param last the instruction after each copy */
function chain(length: number, begin: (stage: Stage) => Stage = (stage) => stage): Stage {
  let stage = begin(scratch());
  let all = scratch();
  for (let at = 0; at < length; at++) {
    stage = stage.copy('f', `/${at}`);
    all = all.copy(stage, `/${at}`, `/${at}`);
  }
  return all;
}

const size = (stage: Stage) =>
  graphOf([{ node: nodeOf(stage)!, name: 'target' }]).graph.stages.reduce(
    (total, { instructions }) => total + instructions.length,
    0,
  );

test('the graph of a chain grows with its length and not with the square of it', () => {
  const [one, two, four] = [500, 1000, 2000].map((length) => size(chain(length)));
  expect(four! - two!).toBe(2 * (two! - one!));
});

describe('a chain that goes on with other stages gives the ops of one that repeats them', () => {
  const digestOf = async (name: string, text: string) => {
    const files = memoryTree({ [name]: text, f: 'text' });
    const locals = new Map([
      ['context', files],
      ['dockerfile', files],
    ]);
    const { definitions, metadata } = await compile({ opts: { filename: name }, locals, images: [] });
    return [definitions.get('')!.head(), new TextDecoder().decode(metadata.get('containerimage.config'))];
  };

  test.each([
    ['nothing', '', ''],
    [
      'what FROM keeps',
      ".workdir('/w').user('1').label('a', 'b').shell(['sh'])",
      'WORKDIR /w\nUSER 1\nLABEL a=b\nSHELL ["sh"]\n',
    ],
    [
      'variables, in another order than they are set',
      ".env('A', '1').env('B', '2').env('A', '3')",
      'ENV A=1\nENV B=2\nENV A=3\n',
    ],
    ['an argument and a command', ".arg('A', '1').cmd(['c'])", 'ARG A=1\nCMD ["c"]\n'],
  ])('that begins with %s', async (_, methods, instructions) => {
    const length = 120;
    const program = `import { scratch } from 'tsfront/build';
let stage = scratch()${methods};
let all = scratch();
for (let at = 0; at < ${length}; at++) {
  stage = stage.copy('f', \`/\${at}\`).run(['r', \`\${at}\`]);
  all = all.copy(stage, \`/\${at}\`, \`/\${at}\`);
}
export default () => all;
export const end = stage;
`;
    const steps = Array.from({ length }, (_, at) => `COPY f /${at}\nRUN ["r", "${at}"]\n`);
    const stages = steps.map((_, at) => `FROM scratch AS s${at}\n${instructions}${steps.slice(0, at + 1).join('')}`);
    const copies = steps.map((_, at) => `COPY --from=s${at} /${at} /${at}\n`).join('');
    expect(await digestOf('build.ts', program)).toEqual(
      await digestOf('Dockerfile', `${stages.join('')}FROM scratch\n${copies}`),
    );
    const end = program.replace('() => all', 'stage.entrypoint(["e"])');
    expect(await digestOf('build.ts', end)).toEqual(await digestOf('Dockerfile', `${stages.at(-1)}ENTRYPOINT ["e"]\n`));
  });
});
