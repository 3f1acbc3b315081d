/** Builds of changed Dockerfiles: they compile, or fail with an error that is about the Dockerfile. */
import { checkDockerfile } from '../../../../src/daemonless/check.ts';
import { compile } from '../../../../src/daemonless/compile.ts';
import { memoryTree } from '../../../../src/daemonless/file-tree.ts';
import { toStatus } from '../../../../src/gateway/error-status.ts';
import { causesOf } from '../../../../src/text/causes.ts';
import { optionsOf } from '../../../daemonless/golden-options.ts';
import { type GoldenCase, goldenNames, readCase } from '../../../golden/cases.ts';
import { mutate } from '../mutate.ts';
import { hold, mayFail, type Target } from '../run.ts';

interface Build {
  readonly golden: GoldenCase;
  readonly text: Buffer;
}

const builds = goldenNames().flatMap((name, index): Build[] => {
  if (index % 5 !== 0) return [];
  const golden = readCase(name);
  const text = golden.files.get('Dockerfile');
  return text === undefined || text.length > 4096 ? [] : [{ golden, text: Buffer.from(text) }];
});
const texts = builds.map(({ text }) => text);

export const lowering: Target = {
  name: 'lowering',
  share: 1500,
  async try(random, tell) {
    const { golden, text } = random.pick(builds);
    const changed = mutate(random, text, texts);
    tell(changed);
    const { requestid, ...opts } = golden.opts ?? {};
    const files = new Map<string, Uint8Array>([...golden.files].map(([name, body]) => [name, Buffer.from(body)]));
    const tree = memoryTree(files.set('Dockerfile', changed));
    const options = {
      ...optionsOf(golden),
      opts,
      locals: new Map([
        ['context', tree],
        ['dockerfile', tree],
      ]),
    };
    await mayFail(async () => {
      if (random.chance(0.3)) {
        const { problems, source } = await checkDockerfile(options);
        for (const { range, file = source } of problems)
          hold(!range || range.end <= file.text.length, 'a problem is in the text');
        return;
      }
      try {
        const { definitions } = await compile(options);
        for (const definition of definitions.values()) definition.encode();
      } catch (error) {
        hold(toStatus(error).message !== '', 'an error has words');
        for (const cause of causesOf(error)) if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
        throw error;
      }
    });
  },
};
