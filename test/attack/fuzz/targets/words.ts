/** Words expand to something bounded, or fail with an error of their own. */
import { createShellLex, type Env, WordError } from '../../../../src/parser/words.ts';
import * as corpus from '../corpus.ts';
import { mutateText } from '../mutate.ts';
import { hold, type Target } from '../run.ts';

const known = [...corpus.words(), '${A:-${B:-${C:-$D}}}', '${A//?*/$0$0}', '${A%%*/}', '"${A/a/"b"}"'];
const values = ['', 'a', 'abcabcab/ab.txt', 'é😀\nab\nab.ab', '**', '\udc80', ' a  b ', '$A', '/'.repeat(50)];

export const words: Target = {
  name: 'words',
  share: 20_000,
  try(random, tell) {
    const text = mutateText(random, random.pick(known), known);
    tell(text);
    const set = new Map(['A', 'B', 'C', '1', 'é'].map((name) => [name, random.pick(values)]));
    const env: Env = { get: (name) => set.get(name), keys: () => [...set.keys()] };
    const options = {
      escape: random.pick(['\\', '`'] as const),
      rawQuotes: random.chance(0.5),
      rawEscapes: random.chance(0.5),
      skipProcessQuotes: random.chance(0.3),
      skipUnsetEnv: random.chance(0.5),
    };
    const lex = createShellLex(options);
    const expand = () => attempt(() => lex.processWord(text, env));
    const found = expand();
    hold(JSON.stringify(expand()) === JSON.stringify(found), 'the same word gives the same result');
    if (found) {
      const dollars = text.split('$').length;
      hold(found.result.length <= text.length * (1 + 60 * dollars) ** 2, 'the result is not out of proportion');
      for (const name of found.matched) hold(set.has(name), 'what matched is set');
      for (const name of found.unmatched) hold(!set.has(name), 'what did not match is not set');
      if (!/[$'"\\`\ud800-\udfff\ufeff]/.test(text)) hold(found.result === text, 'a plain word stays as it is');
    }
    const split = attempt(() => lex.processWords(text, env));
    for (const word of split ?? []) hold(word !== '', 'no word is empty');
  },
};

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof WordError)) throw error;
    hold(error.message.startsWith('failed to process '), 'the error says what was processed');
    return undefined;
  }
}
