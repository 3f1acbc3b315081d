/** What can be opened from a document: pages of images, addresses of ADD, files of COPY. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DocumentLink } from 'vscode-languageserver/node';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { clean } from '../../go/path.ts';
import { parseNormalizedNamed, referenceName } from '../../image/reference.ts';
import { redactCredentials } from '../../text/redact.ts';
import type { DocumentSession } from '../session.ts';

/** Maximum number of files that are looked for. */
const maxFiles = 200;

/** The links of a document. */
export async function links(session: DocumentSession): Promise<DocumentLink[]> {
  const { document, symbols } = session;
  const found: DocumentLink[] = [];
  const add = (range: SourceRange, target: string) => found.push({ range: document.range(range), target });
  for (const { kind, name, range, definition } of symbols.uses) {
    if (kind !== 'stage' || definition) continue;
    const page = imagePage(name);
    if (page) add(range, page);
  }
  const files: { readonly range: SourceRange; readonly source: string }[] = [];
  for (const unit of document.units) {
    const { kind } = unit.content.read.instruction;
    if (kind !== 'copy' && kind !== 'add') continue;
    const instruction = document.instruction(unit);
    if (instruction.kind !== 'copy' && instruction.kind !== 'add') continue;
    const isContext = instruction.kind === 'add' || instruction.from === '';
    for (const { text, range } of instruction.sources) {
      if (/^https?:\/\//.test(text) && !text.includes('$')) add(range, redactCredentials(text));
      else if (isContext && !/[$*?["'\\:]/.test(text)) files.push({ range, source: clean(`/${text}`) });
    }
  }
  if (files.length === 0) return found;
  const { context, contextDir } = await session.surroundings();
  if (contextDir === undefined) return found;
  for (const { range, source } of files.slice(0, maxFiles)) {
    session.signal.throwIfAborted();
    const isFile = await context.stat(source).then(
      ({ mode }) => mode < 2 ** 31,
      () => false,
    );
    if (isFile) add(range, pathToFileURL(path.join(contextDir, source)).href);
  }
  return found;
}

/** The page about an image; undefined for a registry without pages, and for a name that is not an image's. */
function imagePage(name: string): string | undefined {
  if (name === 'scratch' || name.includes('$') || /^\d+$/.test(name)) return undefined;
  try {
    const reference = parseNormalizedNamed(name);
    const [domain = '', ...rest] = referenceName(reference).split('/');
    const repository = rest.join('/');
    if (domain === 'docker.io')
      return rest[0] === 'library'
        ? `https://hub.docker.com/_/${rest.slice(1).join('/')}`
        : `https://hub.docker.com/r/${repository}`;
    if (domain === 'quay.io') return `https://quay.io/repository/${repository}`;
    if (domain === 'ghcr.io' || domain === 'mcr.microsoft.com' || domain === 'gcr.io')
      return `https://${domain}/${repository}`;
    return undefined;
  } catch {
    return undefined;
  }
}
