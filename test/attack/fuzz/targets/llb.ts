/** Graphs: what is written reads as it was, and what is not a graph is refused in words. */
import { compile } from '../../../../src/daemonless/compile.ts';
import { Definition } from '../../../../src/llb/definition.ts';
import { formatDot } from '../../../../src/llb/dot.ts';
import { formatJson } from '../../../../src/llb/format-json.ts';
import { loadDefinition } from '../../../../src/llb/load.ts';
import { formatTree } from '../../../../src/llb/tree.ts';
import { optionsOf } from '../../../daemonless/golden-options.ts';
import { readCase } from '../../../golden/cases.ts';
import { graphs } from '../corpus.ts';
import { mutate } from '../mutate.ts';
import { hold, mayThrow, type Target } from '../run.ts';

const cases = ['basics/every-instruction', 'copy/chmod-and-chown', 'basics/three-stage-chain', 'copy/heredoc'];
let known: Buffer[] | undefined;

/** Some definitions with metadata and sources, and some that are ops alone. */
async function definitions(): Promise<Buffer[]> {
  if (known) return known;
  const compiled = await Promise.all(
    cases.flatMap(async (name) => {
      const { definitions: made } = await compile(optionsOf(readCase(name)));
      return [...made.values()].map((definition) => Buffer.from(definition.encode()));
    }),
  );
  known = [...compiled.flat(), ...graphs().map((ops) => Buffer.from(new Definition(ops).encode()))];
  return known;
}

export const llb: Target = {
  name: 'llb',
  share: 20_000,
  async try(random, tell) {
    const all = await definitions();
    const bytes = mutate(random, random.pick(all), all);
    tell(bytes);
    let definition: Definition | undefined;
    mayThrow(() => {
      definition = Definition.decode(bytes);
    }, /definition/);
    if (!definition) return;
    const read = definition;
    const again = Definition.decode(read.encode());
    hold(Buffer.from(again.encode()).equals(Buffer.from(read.encode())), 'what is written reads as it was');
    hold(Buffer.concat(again.def).equals(Buffer.concat(read.def)), 'ops keep their bytes');
    mayThrow(() => read.head(), /op/);
    mayThrow(() => read.ops(), /op/);
    mayThrow(() => formatJson(read));
    mayThrow(() => formatTree(read));
    mayThrow(() => formatDot(read));
    mayThrow(() => loadDefinition(read).marshal());
  },
};
