/** What can be written at a place. */
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionParams,
  InsertTextFormat,
} from 'vscode-languageserver/node';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { isDirectory } from '../../go/file-mode.ts';
import { join } from '../../go/path.ts';
import { createPatternMatcher } from '../../parser/ignore/pattern-matcher.ts';
import { flagsOf } from '../../parser/instructions/flags-of.ts';
import { instructionNames, lookUpKeyword } from '../../parser/keywords.ts';
import { mountOptions, mountTypes, sharingModes } from '../../parser/mount-flag.ts';
import { flagText } from '../language/flags.ts';
import { instructionTexts } from '../language/instructions.ts';
import { mountOptionTexts, mountTypeTexts, sharingTexts } from '../language/mounts.ts';
import { predefinedVariables } from '../language/variables.ts';
import { markup } from '../markup.ts';
import { shownValue } from '../secrets.ts';
import type { DocumentSession } from '../session.ts';
import { nameOf } from '../unit-facts.ts';
import { ignorePatternsOf } from '../workspace.ts';
import { completeComment } from './completion-comments.ts';
import { completeTags } from './completion-tags.ts';
import { describeFlag, describeInstruction, describeVariable } from './describe.ts';

/** What `completionItem/resolve` gets back to describe an item. */
export interface CompletionData {
  readonly uri: string;
  readonly topic: 'instruction' | 'flag' | 'variable';
  readonly name: string;
  /** For a flag, the instruction. */
  readonly instruction?: string;
  /** For a variable, index of the instruction. */
  readonly unit?: number;
}

/** The place that is completed. */
interface Place {
  readonly session: DocumentSession;
  readonly offset: number;
  /** Index of the unit. */
  readonly unit: number;
  /** The instruction in lower case; '' for an unknown instruction. */
  readonly name: string;
  /** The text after the keyword, up to the place, continuations joined. */
  readonly typed: string;
}

/** Most items that are offered; with more the editor asks again when more is typed. */
const maxItems = 500;

/** The completions at an offset. */
export async function complete(
  session: DocumentSession,
  offset: number,
  { context }: Pick<CompletionParams, 'context'> = {},
): Promise<{ items: CompletionItem[]; isIncomplete: boolean }> {
  // A colon only begins the tag of an image.
  const isTyped = context?.triggerCharacter === ':' && !isInImage(session.document.text.slice(0, offset));
  const items = isTyped ? [] : await itemsAt(session, offset);
  return { items: items.slice(0, maxItems), isIncomplete: items.length > maxItems };
}

const isInImage = (before: string) =>
  /(?:^[ \t]*FROM[ \t]|[=,]from=|--from=).*:$/i.test(before.slice(before.lastIndexOf('\n') + 1));

async function itemsAt(session: DocumentSession, offset: number): Promise<CompletionItem[]> {
  const { document } = session;
  const { text, units } = document;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(lineStart, offset);
  let index = document.unitIndexAt(offset);
  const before = units[index - 1];
  // At the end of a file without a last line break, the place is still in the last instruction.
  if (before && before.end === offset && lineStart < before.end) index--;
  const unit = units[index];
  const instruction = unit && document.instruction(unit);
  if (!instruction || offset < instruction.keywordRange.start) {
    if (/^\s*#/.test(line))
      return completeComment(index === 0 ? text.slice(0, lineStart) : undefined, line).map(
        ({ typed, label, ...more }) => item({ session, offset }, typed.length, label, more),
      );
    return keywordItems(session, line, offset);
  }
  if (offset <= instruction.keywordRange.end)
    return keywordItems(session, text.slice(instruction.keywordRange.start, offset), offset);
  const name = nameOf(instruction);
  const raw = text.slice(instruction.keywordRange.end, offset);
  const typed = raw.replace(/[\\`][ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*/g, ' ');
  return argumentItems({ session, offset, unit: index, name, typed });
}

/** Replaces the last characters before the place. */
function item(
  place: Pick<Place, 'session' | 'offset'>,
  replaced: number,
  label: string,
  more: Partial<CompletionItem>,
): CompletionItem {
  const { session, offset } = place;
  const range: SourceRange = { start: offset - replaced, end: offset };
  const { insertText = label, ...rest } = more;
  return { label, filterText: label, ...rest, textEdit: { range: session.document.range(range), newText: insertText } };
}

/** Instructions that ONBUILD does not take. */
const noTriggers: ReadonlySet<string> = new Set(['FROM', 'MAINTAINER', 'ONBUILD']);

function keywordItems(
  session: DocumentSession,
  typed: string,
  offset: number,
  names: readonly string[] = instructionNames,
): CompletionItem[] {
  const word = /[A-Za-z]*$/.exec(typed)![0];
  if (typed.trim() !== word) return [];
  const isLower = word !== '' && word === word.toLowerCase();
  const {
    document: { uri },
    abilities: { snippets: takesSnippets },
  } = session;
  return names.flatMap((upper) => {
    const name = upper.toLowerCase();
    const { summary, snippet } = instructionTexts[name]!;
    const label = isLower ? name : upper;
    const data: CompletionData = { uri, topic: 'instruction', name };
    const common = { kind: CompletionItemKind.Keyword, detail: summary, data };
    const items = [
      item({ session, offset }, word.length, label, {
        ...common,
        ...(takesSnippets
          ? { insertText: `${label} ${snippet}`, insertTextFormat: InsertTextFormat.Snippet }
          : { insertText: `${label} ` }),
      }),
    ];
    // Without snippets the cursor would stand after the end of the here-document.
    if (takesSnippets && (name === 'run' || name === 'copy'))
      items.push(
        item({ session, offset }, word.length, `${label} <<EOF`, {
          ...common,
          kind: CompletionItemKind.Snippet,
          detail: 'A here-document: the lines up to EOF.',
          insertText:
            name === 'run'
              ? `${label} <<EOF\nset -e\n\${0:command}\nEOF`
              : `${label} <<EOF \${1:destination}\n\${0:content}\nEOF`,
          insertTextFormat: InsertTextFormat.Snippet,
        }),
      );
    return items;
  });
}

async function argumentItems(place: Place): Promise<CompletionItem[]> {
  const { name, typed } = place;
  const variable = /(?:^|[^\\`])\$(\{?)([A-Za-z_]\w*)?$/.exec(typed) ?? /^\$(\{?)([A-Za-z_]\w*)?$/.exec(typed);
  if (variable) return variableItems(place, variable[1] !== '', variable[2]?.length ?? 0);
  const word = /\S*$/.exec(typed)![0];
  const words = typed.trimStart().split(/\s+/).slice(0, -1);
  const areFlags = words.every((it) => it.startsWith('--'));
  if (areFlags && word.startsWith('--')) return flagItems(place, word);
  const others = words.filter((it) => !it.startsWith('--'));
  switch (name) {
    case 'from':
      return fromItems(place, word, others);
    case 'copy':
    case 'add':
      if (words.some((it) => it.startsWith('--from='))) return [];
      return areFlags && word === '' && !/\s$/.test(typed) ? [] : fileItems(place, word);
    case 'healthcheck':
      return others.length > 0 ? [] : choose(place, word, ['CMD', 'NONE']);
    case 'onbuild':
      return onbuildItems(place, word, others);
    case 'arg':
      return argItems(place, word);
    case 'stopsignal':
      return choose(place, word, [
        'SIGTERM',
        'SIGINT',
        'SIGQUIT',
        'SIGHUP',
        'SIGKILL',
        'SIGUSR1',
        'SIGUSR2',
        'SIGRTMIN+3',
      ]);
    default:
      return [];
  }
}

/** The instructions that ONBUILD takes, and what follows one as it would without ONBUILD. */
async function onbuildItems(place: Place, word: string, others: readonly string[]): Promise<CompletionItem[]> {
  const [trigger] = others;
  if (trigger === undefined)
    return keywordItems(
      place.session,
      word,
      place.offset,
      instructionNames.filter((it) => !noTriggers.has(it)),
    );
  if (noTriggers.has(trigger.toUpperCase())) return [];
  const { name } = lookUpKeyword(trigger);
  return argumentItems({ ...place, name, typed: place.typed.trimStart().slice(trigger.length) });
}

const choose = (place: Place, typed: string, values: readonly string[]) =>
  values.map((value) => item(place, typed.length, value, { kind: CompletionItemKind.EnumMember }));

function variableItems(place: Place, isBraced: boolean, typed: number): CompletionItem[] {
  const { session, unit, offset } = place;
  const { symbols, document } = session;
  const closes = isBraced && document.text[offset] !== '}';
  const make = (name: string, detail: string): CompletionItem => {
    const data: CompletionData = { uri: document.uri, topic: 'variable', name, unit };
    return item(place, typed, name, {
      kind: CompletionItemKind.Variable,
      detail,
      data,
      insertText: closes ? `${name}}` : name,
    });
  };
  const items: CompletionItem[] = [];
  const scope = symbols.scopeAt(unit);
  for (const definition of scope.values())
    items.push(make(definition.name, `${definition.kind.toUpperCase()} = ${shownValue(definition) ?? '(no value)'}`));
  const stage = symbols.stageOf(unit);
  if (stage < 0 || symbols.stages[stage]?.unit === unit)
    for (const [name, summary] of Object.entries(predefinedVariables))
      if (!scope.has(name)) items.push(make(name, summary));
  return items;
}

/** Arguments that a stage may declare: those from before FROM, and those that every build has. */
function argItems(place: Place, word: string): CompletionItem[] {
  if (word.includes('=')) return [];
  const { symbols } = place.session;
  if (symbols.stageOf(place.unit) < 0) return [];
  const scope = symbols.scopeAt(place.unit);
  const names = [...symbols.globals.keys(), ...Object.keys(predefinedVariables)];
  return [...new Set(names)]
    .filter((it) => !scope.has(it))
    .map((it) =>
      item(place, word.length, it, { kind: CompletionItemKind.Variable, ...detailOf(predefinedVariables[it]) }),
    );
}

/** Lets the editor ask for what may follow an item. */
const suggestAgain = ({ abilities: { suggestCommand: command } }: DocumentSession): Pick<CompletionItem, 'command'> =>
  command === undefined ? {} : { command: { title: 'Suggest', command } };

const detailOf = (detail: string | undefined) => (detail === undefined ? {} : { detail });

async function flagItems(place: Place, word: string): Promise<CompletionItem[]> {
  const { name, session } = place;
  const equals = word.indexOf('=');
  const flags = flagsOf(name);
  if (equals < 0) {
    return [...flags].map(([flag, kind]) => {
      const data: CompletionData = { uri: session.document.uri, topic: 'flag', name: flag, instruction: name };
      const hasValue = kind !== 'bool' && kind !== 'optional-bool';
      return item(place, word.length, `--${flag}`, {
        kind: CompletionItemKind.Field,
        ...detailOf(flagText(name, flag)?.summary),
        data,
        insertText: hasValue ? `--${flag}=` : `--${flag}`,
        ...(hasValue && suggestAgain(session)),
      });
    });
  }
  const flag = word.slice(2, equals);
  const value = word.slice(equals + 1);
  if (flag === 'mount') return mountItems(place, value);
  if (flag === 'from' && name === 'copy') return [...stageItems(place, value), ...(await imageItems(place, value))];
  return Object.entries(flagText(name, flag)?.values ?? {}).map(([it, detail]) =>
    item(place, value.length, it, { kind: CompletionItemKind.EnumMember, detail }),
  );
}

async function mountItems(place: Place, value: string): Promise<CompletionItem[]> {
  const options = value.split(',');
  const last = options.at(-1)!;
  const given = new Set(options.slice(0, -1).map((it) => it.split('=')[0]!.toLowerCase()));
  const type =
    options.map((it) => /^type=(\w+)$/i.exec(it)?.[1]?.toLowerCase()).find((it) => it !== undefined) ?? 'bind';
  const equals = last.indexOf('=');
  if (equals >= 0) {
    const key = last.slice(0, equals).toLowerCase();
    const typed = last.slice(equals + 1);
    const list = (values: readonly string[], texts: Readonly<Record<string, string>>) =>
      values.map((it) =>
        item(place, typed.length, it, { kind: CompletionItemKind.EnumMember, ...detailOf(texts[it]) }),
      );
    if (key === 'type') return list(mountTypes, mountTypeTexts);
    if (key === 'sharing') return list(sharingModes, sharingTexts);
    if (key === 'from') return stageItems(place, typed);
    const isOfContext = type === 'bind' && !given.has('from');
    return (key === 'source' || key === 'src') && isOfContext ? fileItems(place, typed) : [];
  }
  return mountOptions.flatMap((option) => {
    const known = mountOptionTexts[option];
    const isFitting = known?.types.some((it) => it === type) && known.aliasOf === undefined;
    if (!known || !isFitting || given.has(option)) return [];
    return [
      item(place, last.length, option, {
        kind: CompletionItemKind.Property,
        detail: known.summary,
        insertText: known.isFlag ? option : `${option}=`,
      }),
    ];
  });
}

/** The stages that an instruction can refer to: those before its own. */
function stageItems(place: Place, typed: string): CompletionItem[] {
  const { stages, stageOf } = place.session.symbols;
  const own = stageOf(place.unit);
  return stages.flatMap(({ name, base }, index) =>
    name === '' || index >= own
      ? []
      : [item(place, typed.length, name, { kind: CompletionItemKind.Class, detail: `Stage on ${base}` })],
  );
}

async function fromItems(place: Place, word: string, others: readonly string[]): Promise<CompletionItem[]> {
  if (others.length === 1) return choose(place, word, ['AS']);
  if (others.length > 1) return [];
  const scratch = item(place, word.length, 'scratch', {
    kind: CompletionItemKind.Module,
    detail: 'An empty file system',
  });
  const items = [...stageItems(place, word), scratch, ...(await imageItems(place, word))];
  return items.filter(({ label }) => label.toLowerCase().startsWith(word.toLowerCase()));
}

/** Images that are known, and tags of the one that is being written where registries may be asked. */
async function imageItems(place: Place, word: string): Promise<CompletionItem[]> {
  const { session } = place;
  const tags = session.settings.registry ? await completeTags(word, session.signal) : [];
  if (tags.length > 0) return tags.map((it) => item(place, word.length, it, { kind: CompletionItemKind.Module }));
  const images = session.analysis?.images.keys() ?? [];
  return [...images].map((it) =>
    item(place, word.length, it, { kind: CompletionItemKind.Module, detail: 'A known image' }),
  );
}

/** Files of the context that the ignore file does not drop. */
async function fileItems(place: Place, word: string): Promise<CompletionItem[]> {
  const written = /[^"',[]*$/.exec(word)![0];
  if (/[$*?]/.test(written) || written.includes('://')) return [];
  const at = await place.session.surroundings();
  if (at.contextDir === undefined) return [];
  const slash = written.lastIndexOf('/') + 1;
  const dir = written.slice(0, slash);
  const entries = await at.context.readDir(dir === '' ? '/' : dir).catch(() => []);
  const isIgnored = ignoring(await ignorePatternsOf(at));
  const isBeginning = written.slice(slash);
  return entries.flatMap(({ path, mode }) => {
    const isDir = isDirectory(mode);
    if (isIgnored(join(dir, path).replace(/^\/+/, ''), isDir)) return [];
    return [
      item(place, isBeginning.length, isDir ? `${path}/` : path, {
        kind: isDir ? CompletionItemKind.Folder : CompletionItemKind.File,
        ...(isDir && suggestAgain(place.session)),
      }),
    ];
  });
}

function ignoring(patterns: readonly string[]): (path: string, isDir: boolean) => boolean {
  try {
    const matcher = createPatternMatcher(patterns);
    // An exception may include a part of a directory.
    return (path, isDir) => !(isDir && matcher.exclusions) && matcher.matchesOrParentMatches(path);
  } catch {
    return () => false;
  }
}

/** Adds the description of an item. */
export function resolveCompletion(
  session: DocumentSession,
  found: CompletionItem,
  data: CompletionData,
): CompletionItem {
  const value =
    data.topic === 'instruction'
      ? describeInstruction(data.name)
      : data.topic === 'flag'
        ? describeFlag(data.instruction ?? '', data.name)
        : describeVariable(session, data.name, session.symbols.scopeAt(data.unit ?? 0).get(data.name), data.unit ?? 0);
  return value === undefined ? found : { ...found, documentation: markup(value, session.abilities.markdownItems) };
}
