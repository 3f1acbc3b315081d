/** What can be written in a comment: parser directives at the top of a file, and comments that hide findings. */
import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver/node';
import { ruleTable } from '../../buildkit-rules/rules.ts';
import { warningCodes } from '../../lint/warnings.ts';
import { createDirectiveReader } from '../../parser/directives.ts';
import { directiveTexts } from '../language/directives.ts';

/** A text that fits in a comment. */
interface CommentCompletion extends Pick<CompletionItem, 'label' | 'kind' | 'detail' | 'insertText'> {
  /** The part of the comment that is typed already, which it replaces. */
  readonly typed: string;
}

/** Comments that hide findings. */
const ignoreComments: Readonly<Record<string, string>> = {
  'tsfront-ignore': 'Hides findings of the next instruction.',
  'tsfront-ignore-file': 'Hides findings of the whole file.',
};

/**
 * What continues a comment.
 *
 * @param above the lines above it; undefined if an instruction is among them
 * @param line the comment up to the place
 */
export function completeComment(above: string | undefined, line: string): CommentCompletion[] {
  const ignored = /^\s*#[\t ]*tsfront-ignore(?:-file)?[\t ]+([^:]*)$/.exec(line);
  if (ignored) return names(ignored[1]!, warningCodes);
  const earlier = above === undefined ? undefined : directivesOf(above);
  const value = /^\s*#\s*(\w+)\s*=\s*(.*)$/.exec(line);
  if (value) return earlier ? directiveValues(value[1]!.toLowerCase(), value[2]!) : [];
  const typed = /^\s*#\s*([\w-]*)$/.exec(line)?.[1];
  if (typed === undefined) return [];
  const directives = Object.entries(directiveTexts).flatMap(([name, { summary: detail }]) =>
    !earlier || earlier.has(name)
      ? []
      : [{ typed, label: name, kind: CompletionItemKind.Property, detail, insertText: `${name}=` }],
  );
  const comments = Object.entries(ignoreComments).flatMap(([label, detail]) =>
    above === undefined && label === 'tsfront-ignore-file'
      ? []
      : [{ typed, label, kind: CompletionItemKind.Keyword, detail, insertText: `${label} ` }],
  );
  return [...directives, ...comments];
}

/** The directives in the lines above a place; undefined if there can be no further one. */
function directivesOf(above: string): ReadonlySet<string> | undefined {
  const reader = createDirectiveReader('#');
  const found = new Set<string>();
  for (const line of above
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .slice(0, -1)) {
    try {
      const directive = reader.read(line, 0, line.length);
      if (!directive) return undefined;
      found.add(directive.name);
    } catch {
      // A repeated directive: further ones may follow.
    }
  }
  return found;
}

function directiveValues(name: string, written: string): CommentCompletion[] {
  const kind = CompletionItemKind.Value;
  if (!Object.hasOwn(directiveTexts, name)) return [];
  const { values } = directiveTexts[name as keyof typeof directiveTexts];
  if (name !== 'check') return values.map((label) => ({ typed: written, label, kind }));
  const options = written.split(';');
  const [, option = '', value] = /^\s*(\w*)(?:=(.*))?$/.exec(options.at(-1)!) ?? [];
  if (option === 'error' && value !== undefined)
    return ['true', 'false'].map((label) => ({ typed: value, label, kind }));
  if (value !== undefined) return checkRules(option, value);
  const given = new Set(options.slice(0, -1).map((it) => it.split('=')[0]!.trim()));
  return values.filter((label) => !given.has(label.split('=')[0]!)).map((label) => ({ typed: option, label, kind }));
}

/** The rules that `skip=` turns off, or `experimental=` on. */
function checkRules(option: string, value: string): CommentCompletion[] {
  if (option !== 'skip' && option !== 'experimental') return [];
  const rules = ruleTable.filter(({ rule }) => !rule.deprecated && rule.experimental === (option === 'experimental'));
  const all = value.includes(',') ? [] : ['all'];
  return names(value, [...all, ...rules.map(({ rule }) => rule.name)]);
}

/** Names after a comma or at the beginning, without those that are written already. */
function names(list: string, known: readonly string[]): CommentCompletion[] {
  const parts = list.split(',').map((it) => it.trimStart());
  const given = new Set(parts.slice(0, -1).map((it) => it.trim()));
  const typed = parts.at(-1)!;
  return known
    .filter((label) => !given.has(label))
    .map((label) => ({ typed, label, kind: CompletionItemKind.EnumMember }));
}
