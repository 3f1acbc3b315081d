/** COPY and ADD. */
import type { AddInstruction, CopyInstruction, SourceContent, Word } from '../ast.ts';
import { chompHeredocContent, tryParseHeredoc } from '../heredoc.ts';
import { readFlags } from './read-flags.ts';
import { badArguments, type Request } from './request.ts';

export function readCopy(request: Request): CopyInstruction | undefined {
  if (!hasDestination(request, 'COPY')) return undefined;
  const flags = readFlags(request, {
    chown: 'string',
    from: 'string',
    chmod: 'string',
    link: 'bool',
    exclude: 'strings',
    parents: 'bool',
  });
  const files = readFiles(request, 'COPY');
  if (!flags) return undefined;
  return {
    kind: 'copy',
    ...request.base,
    ...files,
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.bool('link'),
    exclude: flags.strings('exclude').map(({ text }) => text),
    from: flags.string('from'),
    parents: flags.bool('parents'),
  };
}

export function readAdd(request: Request): AddInstruction | undefined {
  if (!hasDestination(request, 'ADD')) return undefined;
  const flags = readFlags(request, {
    chown: 'string',
    chmod: 'string',
    link: 'bool',
    'keep-git-dir': 'bool',
    checksum: 'string',
    unpack: 'bool',
    exclude: 'strings',
  });
  const files = readFiles(request, 'ADD');
  if (!flags) return undefined;
  return {
    kind: 'add',
    ...request.base,
    ...files,
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.bool('link'),
    exclude: flags.strings('exclude').map(({ text }) => text),
    checksum: flags.string('checksum'),
    keepGitDir: flags.optionalBool('keep-git-dir'),
    unpack: flags.optionalBool('unpack'),
  };
}

function hasDestination(request: Request, instruction: string): boolean {
  if (request.words.length >= 2) return true;
  badArguments(
    request,
    `${instruction} requires at least two arguments, but only one was provided. Destination could not be determined`,
    `Write ${instruction} source destination.`,
  );
  return false;
}

/** Sources, files given inline, and the destination. */
function readFiles({ words, heredocs, report }: Request, instruction: string) {
  const dest = words.at(-1)!;
  if (tryParseHeredoc(dest.text))
    report({
      code: 'heredoc-as-destination',
      message: `${instruction} cannot accept a heredoc as a destination`,
      range: dest.range,
      hint: 'Put the destination last, behind the here-document.',
    });

  const contentOf = new Map(heredocs.map(({ name, content }) => [name, content]));
  const sources: Word[] = [];
  const contents: SourceContent[] = [];
  for (const word of words.slice(0, -1)) {
    const mark = tryParseHeredoc(word.text);
    if (!mark) {
      sources.push(word);
      continue;
    }
    // Of several with the same name the last one counts; in a JSON array there is no content at all.
    const content = contentOf.get(mark.name) ?? '';
    contents.push({
      path: mark.name,
      data: mark.chomp ? chompHeredocContent(content) : content,
      expand: mark.expand,
    });
  }
  return { sources, contents, dest };
}
