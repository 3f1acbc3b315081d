/** What rules see of a command in exec form: one simple command, whose words no shell reads. */
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { emptyScript, type ShellScript, type ShellWord } from './command.ts';
import { programIndex, programName } from './wrappers.ts';

/**
 * Makes the script.
 *
 * @param range the place of all words: that of each alone is not known, so no edit is made in it
 */
export function execScript(exec: readonly string[], range: SourceRange): ShellScript {
  if (exec.length === 0) return emptyScript;
  const words = exec.map((value): ShellWord => ({ text: value, value, range }));
  const program = programIndex(words);
  const command = {
    words,
    assignments: [],
    redirections: [],
    name: programName(words[program]),
    nameWord: words[program],
    args: words.slice(program + 1),
    range,
    scopes: [],
    operator: '',
    stage: 0,
    background: false,
  } as const;
  return { ...emptyScript, commands: [command], statements: 1, unplaced: [range] };
}
