/** Finds variables of RUN that only an ARG before FROM declares: the shell has no value for them. */
import type { Dockerfile, RunInstruction } from '../parser/ast.ts';
import { commandText } from './command-text.ts';
import type { LintFile, LintStage } from './lint-file.ts';
import { inheritedInstructions } from './stage-chain.ts';

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
  const names = globalNames(dockerfile);
  if (names.length === 0) return;
  for (const stage of stages) {
    const declared = declaredNames(stage);
    const left = names.filter((name) => !declared.has(name) && isUnset(stage, name));
    if (left.length === 0) continue;
    for (const { instruction, shell, exec } of stage.runs) {
      if (exec || !shell.isPosix) continue;
      const text = commandText(dockerfile, instruction)!.line().text;
      if (!left.some((name) => text.includes(name))) continue;
      const used = usedVariables(text);
      for (const name of left) if (used.has(name) && !isSetIn(text, name)) yield { instruction, name };
    }
  }
}

function globalNames({ metaArgs }: Dockerfile): string[] {
  const names = metaArgs.flatMap(({ args }) => args.map(({ key }) => key));
  return [...new Set(names)].filter((name) => /^\w+$/.test(name) && !predefined.test(name));
}

/** The names of ARG and ENV in a stage and in those that it is made from. */
function declaredNames(stage: LintStage): ReadonlySet<string> {
  const names = inheritedInstructions(stage).flatMap((it) => {
    if (it.kind === 'arg') return it.args.map(({ key }) => key);
    return it.kind === 'env' ? it.pairs.map(({ key }) => key) : [];
  });
  return new Set(names);
}

/** Comments, escaped characters, text in single quotes (other than in double quotes), double quotes, and variables. */
const pieces = /(?<=^|\s)#[^\n]*|\\[\s\S]|'[^']*'|"|\$(?:\{(\w+)(?:\}|[#%/^,@])|(\w+))/g;

/** The variables that a shell replaces in a text. Those with a default are not among them. */
function usedVariables(text: string): ReadonlySet<string> {
  const used = new Set<string>();
  if (/<<-?\s*['"\\]/.test(text)) return used;
  let isQuoted = false;
  pieces.lastIndex = 0;
  for (let match = pieces.exec(text); match; match = pieces.exec(text)) {
    const [piece, braced, bare] = match;
    if (piece === '"') isQuoted = !isQuoted;
    // In double quotes a single quote and a number sign are plain characters: what is behind them is read again.
    else if (isQuoted && (piece[0] === "'" || piece[0] === '#')) pieces.lastIndex = match.index + 1;
    else if (braced ?? bare) used.add((braced ?? bare)!);
  }
  return used;
}

/** Whether a text has the name of a variable other than in a use: it may set it, as in `read A` and `for A in`. */
function isSetIn(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$]|\\$\\{)${name}(?!\\w)`).test(text);
}
