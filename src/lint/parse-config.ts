/** Reads `tsfront.json`: the levels and options of rules, and the files that are not checked. Comments are allowed. */
import { type AnyNode, type MemberNode, type ObjectNode, parse, type StringNode } from '@humanwhocodes/momoa';
import type { LintRuleName, WarningCode } from '../diagnostic/codes.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import { createSourceFile, rangeLines, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import { suggest } from '../text/suggest.ts';
import type { LintConfig } from './config.ts';
import type { Level, LintRule, RuleOption, RuleOptions } from './rule.ts';
import { lintRules } from './rules.ts';
import { isWarningCode, warningCodes } from './warnings.ts';

/** What a configuration file says, and what is wrong in it. */
export interface ParsedConfig {
  readonly source: SourceFile;
  readonly config: LintConfig;
  /** Patterns of files that are not checked, with their places. */
  readonly ignore: readonly { readonly pattern: string; readonly range: SourceRange }[];
  /** In the order of the file. */
  readonly problems: readonly Diagnostic[];
}

/** The levels that a rule can have in the file. */
export const levels: readonly Level[] = ['off', 'warning', 'error'];

type Report = (message: string, range: SourceRange, hint?: string) => void;

/** Parses a configuration file. Never throws: all that is wrong is in `problems`, and what is right counts. */
export function parseLintConfig(text: string, filename = 'tsfront.json'): ParsedConfig {
  const source = createSourceFile(filename, text);
  const problems: Diagnostic[] = [];
  const report: Report = (message, range, hint) => problems.push(problemAt(source, message, range, hint));
  const rules = new Map<WarningCode, Level>();
  const options = new Map<LintRuleName, RuleOptions>();
  const ignore: { pattern: string; range: SourceRange }[] = [];

  readMembers(parseText(text, report), 'the file', report, {
    $schema: (node) => void readString(node, '$schema', report),
    lint: (lint) =>
      readMembers(lint, 'lint', report, {
        rules: (node) => {
          for (const member of objectMembers(node, 'rules', report)) readRule(member, rules, options, report);
        },
        ignore: (node) => {
          for (const [pattern, range] of readStrings(node, 'ignore', report)) ignore.push({ pattern, range });
        },
      }),
  });
  return { source, config: { rules, options }, ignore, problems };
}

/** A problem of a configuration file. */
export function problemAt(source: SourceFile, message: string, range: SourceRange, hint?: string): Diagnostic {
  return errorDiagnostic('bad-lint-config', message, {
    range,
    file: source,
    lines: [rangeLines(source, range)],
    hint,
  });
}

function parseText(text: string, report: Report): AnyNode | undefined {
  try {
    const start = text.startsWith('\ufeff') ? 1 : 0; // replaced, so that offsets stay
    const plain = start === 0 ? text : ` ${text.slice(1)}`;
    return parse(plain, { mode: 'jsonc', ranges: true, allowTrailingCommas: true }).body;
  } catch (error) {
    const { message, offset } = error as { message: string; offset?: number };
    const at = Math.min(offset ?? text.length, text.length);
    const what = message.replace(/ ?\(\d+:\d+\)$/, '').replace(/\.$/, '');
    report(`this is not JSON: ${what.charAt(0).toLowerCase()}${what.slice(1)}`, { start: at, end: at + 1 });
    return undefined;
  }
}

function readRule(
  { name, value }: MemberNode,
  rules: Map<WarningCode, Level>,
  options: Map<LintRuleName, RuleOptions>,
  report: Report,
): void {
  const code = keyOf({ name });
  if (!isWarningCode(code)) {
    const others = warningCodes.find((it) => it.toLowerCase() === code.toLowerCase());
    reportUnknown('rule', code, rangeOf(name), others ? [others] : warningCodes, report);
    return;
  }
  if (value.type !== 'Object') {
    const level = readLevel(value, code, report);
    if (level) rules.set(code, level);
    return;
  }
  const rule: LintRule | undefined = lintRules.find((it) => it.name === code);
  const known: Readonly<Record<string, RuleOption>> = rule?.options ?? {};
  const given: Record<string, RuleOption['default']> = {};
  for (const member of membersOf(value, report)) {
    const key = keyOf(member);
    if (key === 'level') {
      const level = readLevel(member.value, code, report);
      if (level) rules.set(code, level);
    } else if (Object.hasOwn(known, key)) {
      const read = readOption(member.value, key, known[key]!, report);
      if (read !== undefined) given[key] = read;
    } else reportUnknown(`option of ${code}`, key, rangeOf(member.name), ['level', ...Object.keys(known)], report);
  }
  if (rule) options.set(rule.name, given);
}

function readLevel(node: AnyNode, code: string, report: Report): Level | undefined {
  const level = levels.find((it) => node.type === 'String' && node.value === it);
  if (!level) {
    const meant = node.type === 'String' ? suggestLevel(node.value) : undefined;
    report(
      `the level of ${code} must be "off", "warning" or "error", but is ${describe(node)}`,
      rangeOf(node),
      meant && `Did you mean "${meant}"?`,
    );
  }
  return level;
}

/** Words of other linters for the levels. */
const otherLevels: Readonly<Record<string, Level>> = { warn: 'warning', info: 'warning', none: 'off', ignore: 'off' };

function suggestLevel(word: string): string | undefined {
  return Object.hasOwn(otherLevels, word) ? otherLevels[word] : suggest(word, levels, false);
}

function readOption(node: AnyNode, key: string, option: RuleOption, report: Report): RuleOption['default'] | undefined {
  if (option.type === 'strings') {
    const isArray = node.type === 'Array';
    const strings = readStrings(node, key, report).map(([text]) => text);
    return isArray ? strings : undefined;
  }
  if (node.type === 'Boolean' && option.type === 'boolean') return node.value;
  if (node.type === 'Number' && option.type === 'number') return node.value;
  if (node.type === 'String' && option.type === 'string') return node.value;
  const wanted = { boolean: 'true or false', number: 'a number', string: 'a string' }[option.type];
  report(`${key} must be ${wanted}, but is ${describe(node)}`, rangeOf(node));
  return undefined;
}

function readString(node: AnyNode, key: string, report: Report): string | undefined {
  if (node.type === 'String') return node.value;
  report(`${key} must be a string, but is ${describe(node)}`, rangeOf(node));
  return undefined;
}

function readStrings(node: AnyNode, key: string, report: Report): [string, SourceRange][] {
  if (node.type !== 'Array') {
    report(`${key} must be an array of strings, but is ${describe(node)}`, rangeOf(node));
    return [];
  }
  return node.elements.flatMap(({ value }): [string, SourceRange][] => {
    const text = readString(value, `a member of ${key}`, report);
    return text === undefined ? [] : [[text, rangeOf(value)]];
  });
}

/** Reads the known members of an object and reports the others. */
function readMembers(
  node: AnyNode | undefined,
  what: string,
  report: Report,
  readers: Readonly<Record<string, (value: AnyNode) => void>>,
): void {
  if (!node) return;
  for (const member of objectMembers(node, what, report)) {
    const key = keyOf(member);
    if (Object.hasOwn(readers, key)) readers[key]!(member.value);
    else reportUnknown(`member of ${what}`, key, rangeOf(member.name), Object.keys(readers), report);
  }
}

/** The members of what must be an object. */
function objectMembers(node: AnyNode, what: string, report: Report): MemberNode[] {
  if (node.type === 'Object') return membersOf(node, report);
  report(`${what} must be an object, but is ${describe(node)}`, rangeOf(node));
  return [];
}

/** The members of an object; a name that comes again is reported, and counts as it was first. */
function membersOf({ members }: ObjectNode, report: Report): MemberNode[] {
  const seen = new Set<string>();
  return members.filter((member) => {
    const key = keyOf(member);
    if (seen.has(key)) report(`${key} is given twice`, rangeOf(member.name));
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

function reportUnknown(what: string, name: string, range: SourceRange, known: readonly string[], report: Report): void {
  const meant = known.length === 1 ? known[0] : suggest(name, known, true);
  const hint = meant === undefined ? known.length < 10 && `There are ${known.join(', ')}.` : `Did you mean ${meant}?`;
  report(`there is no ${what} with the name ${name}`, range, hint || undefined);
}

const keyOf = ({ name }: Pick<MemberNode, 'name'>) => (name as StringNode).value;

const rangeOf = ({ range }: AnyNode): SourceRange => ({ start: range![0], end: range![1] });

function describe(node: AnyNode): string {
  if (node.type === 'String') return JSON.stringify(node.value);
  if (node.type === 'Number' || node.type === 'Boolean') return String(node.value);
  if (node.type === 'Array') return 'an array';
  return node.type === 'Object' ? 'an object' : 'null';
}
