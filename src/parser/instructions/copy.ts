/** COPY and ADD. */
import type { AddFlags, AddInstruction, CopyFlags, CopyInstruction, SourceContent, Word } from '../ast.ts';
import { chompHeredocContent, tryParseHeredoc } from '../heredoc.ts';
import { explainBrokenArray } from '../hints/broken-array.ts';
import { badArguments, type InstructionInput } from './instruction-input.ts';
import { flagReader } from './read-flags.ts';

const fileFlags = { chown: 'text', chmod: 'text', link: 'bool', exclude: 'texts' } as const;
/** Reads the flags of COPY. */
export const readCopyFlags = flagReader<CopyFlags>({ ...fileFlags, from: 'text', parents: 'bool' });
/** Reads the flags of ADD. */
export const readAddFlags = flagReader<AddFlags>({
  ...fileFlags,
  checksum: 'text',
  keepGitDir: 'optional-bool',
  unpack: 'optional-bool',
});

/** Reads COPY. */
export function readCopy(input: InstructionInput): CopyInstruction | undefined {
  if (!hasDestination(input, 'COPY')) return undefined;
  const flags = readCopyFlags(input);
  const files = readFiles(input, 'COPY');
  return flags && { kind: 'copy', ...input.base, ...files, ...flags };
}

/** Reads ADD. */
export function readAdd(input: InstructionInput): AddInstruction | undefined {
  if (!hasDestination(input, 'ADD')) return undefined;
  const flags = readAddFlags(input);
  const files = readFiles(input, 'ADD');
  return flags && { kind: 'add', ...input.base, ...files, ...flags };
}

function hasDestination(input: InstructionInput, instruction: string): boolean {
  if (input.words.length >= 2) return true;
  badArguments(
    input,
    `${instruction} requires at least two arguments, but only one was provided. Destination could not be determined`,
    destinationHint(input, instruction),
  );
  return false;
}

/** A hint for an array that is not JSON: without blanks it is one word. */
function destinationHint({ words: [word], isJson }: InstructionInput, instruction: string): string {
  const broken = word && !isJson ? explainBrokenArray(word.text, false) : undefined;
  if (!broken) return `Write ${instruction} source destination.`;
  const reason = `This is not a JSON array: ${broken.what}.`;
  if (broken.repaired === undefined) return reason;
  const [first, ...others] = JSON.parse(broken.repaired) as string[];
  const meant = others.length > 0 ? broken.repaired : `[${JSON.stringify(first)}, "destination"]`;
  return `${reason} Write ${instruction} ${meant}.`;
}

const noContents: readonly SourceContent[] = [];

/** Sources, files given inline, and the destination. */
function readFiles({ words, heredocs, report }: InstructionInput, instruction: string) {
  const dest = words.at(-1)!;
  if (tryParseHeredoc(dest.text))
    report({
      code: 'heredoc-as-destination',
      message: `${instruction} cannot accept a heredoc as a destination`,
      range: dest.range,
      hint: 'Put the destination last, after the here-document.',
    });

  if (!words.some(({ text }) => text.includes('<<')))
    return { sources: words.slice(0, -1), contents: noContents, dest };

  const contentOf = new Map(heredocs.map(({ name, content }) => [name, content]));
  const sources: Word[] = [];
  const contents: SourceContent[] = [];
  for (const word of words.slice(0, -1)) {
    const mark = tryParseHeredoc(word.text);
    if (!mark) {
      sources.push(word);
      continue;
    }
    // The last of several with the same name counts; in a JSON array the content is empty.
    const content = contentOf.get(mark.name) ?? '';
    contents.push({
      path: mark.name,
      data: mark.chomp ? chompHeredocContent(content) : content,
      expand: mark.expand,
    });
  }
  return { sources, contents, dest };
}
