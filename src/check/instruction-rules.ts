/** Rules about the instructions of a stage that need values or the stage's history: lowering calls them. */
import { toLower } from '../go/unicode.ts';
import type { LineRange } from '../parser/source.ts';
import type { Linter } from './linter.ts';
import * as rules from './rules.ts';

/** An instruction as written, or a trigger with the lines of its FROM. */
interface Place {
  readonly keyword: string;
  readonly lines: LineRange;
}

/** These build arguments steer the SBOM scan and are no variables of the stage. */
const scanArguments: ReadonlySet<string> = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

/**
 * Variables that are used without being set.
 *
 * @param declared the ARGs of the stage so far by name, which may be unset
 * @param known names of the variables that are set, in order, for suggestions
 */
export function undefinedVar(
  linter: Linter,
  lines: LineRange,
  unmatched: ReadonlySet<string>,
  declared: ReadonlyMap<string, unknown>,
  known: () => readonly string[],
): void {
  for (const name of unmatched) {
    if (declared.has(name) || scanArguments.has(name)) continue;
    linter.run(rules.undefinedVar, lines, rules.undefinedVar.format(name, linter.suggest(name, known)));
  }
}

const secretWords = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/iu;
const harmlessWords = /(?:_|^)(?:public|file|version)(?:_|$)/iu;

/** ARG and ENV whose names look like secrets: their values stay in the image or its history. */
export function secretsUsedInArgOrEnv(linter: Linter, lines: LineRange, instruction: 'ARG' | 'ENV', key: string): void {
  if (!secretWords.test(key) || harmlessWords.test(key)) return;
  linter.run(rules.secretsUsedInArgOrEnv, lines, rules.secretsUsedInArgOrEnv.format(instruction, key));
}

/** `ENV key value` and `LABEL key value`. */
export function legacyKeyValueFormat(linter: Linter, { keyword, lines }: Place): void {
  linter.run(rules.legacyKeyValueFormat, lines, rules.legacyKeyValueFormat.format(keyword));
}

/** CMD and ENTRYPOINT in shell form while the stage has no SHELL of its own. */
export function jsonArgsRecommended(linter: Linter, { keyword, lines }: Place): void {
  linter.run(rules.jsonArgsRecommended, lines, rules.jsonArgsRecommended.format(keyword));
}

/**
 * A second CMD, ENTRYPOINT or HEALTHCHECK: reported where the earlier one stands, which is the one without effect.
 *
 * @param previous lines of the earlier one, undefined if there is none
 */
export function multipleInstructionsDisallowed(linter: Linter, keyword: string, previous: LineRange | undefined): void {
  if (!previous) return;
  linter.run(rules.multipleInstructionsDisallowed, previous, rules.multipleInstructionsDisallowed.format(keyword));
}

/** The first WORKDIR of a stage, if it is relative. */
export function workdirRelativePath(linter: Linter, lines: LineRange, path: string): void {
  linter.run(rules.workdirRelativePath, lines, rules.workdirRelativePath.format(path));
}

/** `EXPOSE 80/TCP`; `port` is the whole word. */
export function exposeProtoCasing(linter: Linter, lines: LineRange, port: string, protocol: string): void {
  if (protocol === toLower(protocol)) return;
  linter.run(rules.exposeProtoCasing, lines, rules.exposeProtoCasing.format(port));
}

/** `EXPOSE 127.0.0.1:80:80`; `port` is the whole word. */
export function exposeInvalidFormat(
  linter: Linter,
  lines: LineRange,
  port: string,
  parts: { readonly ip: string; readonly hostPort: string },
): void {
  if (parts.ip === '' && parts.hostPort === '') return;
  linter.run(rules.exposeInvalidFormat, lines, rules.exposeInvalidFormat.format(port));
}
