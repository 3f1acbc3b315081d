/** Finds variables of RUN that only an ARG before FROM declares: the shell has no value for them. */
import type { RunInstruction } from '../parser/ast.ts';
import { commandText } from './command-text.ts';
import type { LintFile, LintStage } from './lint-file.ts';
import { declaredNames } from './stage-chain.ts';

/** A variable that a RUN uses and that is empty there. */
export interface UnsetVariable {
  readonly instruction: RunInstruction;
  readonly name: string;
}

/** Variables that a RUN has without an ARG. */
const predefined = /^(?:(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY|SOURCE_DATE_EPOCH)$/i;

/**
 * Finds them in the shell texts of a file. What a script sets by itself, here-documents with quoted names, and uses
 * that expect an empty variable (`${A:-1}`) are not reported.
 *
 * @param isUnset whether neither the base image of a stage nor its ENV sets a variable; false if that is not known
 */
export function* unsetInRun(
  { dockerfile, stages }: LintFile,
  isUnset: (stage: LintStage, name: string) => boolean,
): Generator<UnsetVariable> {
  const globals = new Set(
    declaredNames(dockerfile.metaArgs).filter((name) => /^\w+$/.test(name) && !predefined.test(name)),
  );
  if (globals.size === 0) return;
  const declaredIn = new Map<LintStage, ReadonlySet<string>>();
  for (const stage of stages) {
    const inherited = stage.base.kind === 'stage' ? declaredIn.get(stage.base.stage)! : none;
    const own = declaredNames(stage.instructions).filter((name) => globals.has(name));
    const declared = own.length === 0 ? inherited : new Set([...inherited, ...own]);
    declaredIn.set(stage, declared);
    for (const { instruction, shell, exec } of stage.runs) {
      if (exec || !shell.isPosix) continue;
      const text = commandText(dockerfile, instruction)!.line().text;
      for (const name of usedVariables(text))
        if (globals.has(name) && !declared.has(name) && isUnset(stage, name) && !isSetIn(text, name))
          yield { instruction, name };
    }
  }
}

const none: ReadonlySet<string> = new Set();

/** Comments, escaped characters, quotes, and variables. */
const pieces = /(?<=^|\s)#|\\[\s\S]|['"]|\$(?:\{(\w+)(?:\}|[#%/^,@])|(\w+))/g;

/**
 * The variables that a shell replaces in a text. Those with a default are not among them, nor what is in single quotes
 * or in a comment.
 */
function usedVariables(text: string): ReadonlySet<string> {
  const used = new Set<string>();
  if (!text.includes('$') || /<<-?\s*['"\\]/.test(text)) return used;
  let isQuoted = false;
  pieces.lastIndex = 0;
  for (let match = pieces.exec(text); match; match = pieces.exec(text)) {
    const [piece, braced, bare] = match;
    if (piece === '"') isQuoted = !isQuoted;
    else if (piece === "'" || piece === '#') {
      if (isQuoted) continue; // plain characters there
      const end = text.indexOf(piece === '#' ? '\n' : piece, pieces.lastIndex);
      if (end < 0) break;
      pieces.lastIndex = end + 1;
    } else if (braced ?? bare) used.add((braced ?? bare)!);
  }
  return used;
}

/** Whether a text has the name of a variable other than in a use: it may set it, as in `read A` and `for A in`. */
function isSetIn(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$]|\\$\\{)${name}(?!\\w)`).test(text);
}
