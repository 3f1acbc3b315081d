/** What is shown about the place under the pointer. */
import type { Hover } from 'vscode-languageserver/node';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { familiarString, parseNormalizedNamed } from '../../image/reference.ts';
import { directiveTexts } from '../language/directives.ts';
import { partUrl } from '../language/instructions.ts';
import { mountOptionTexts, mountTypeTexts, sharingTexts } from '../language/mounts.ts';
import { markup } from '../markup.ts';
import { withoutSecrets } from '../secrets.ts';
import { type Analysis, type DocumentSession, type InstructionAt, instructionAt, touches } from '../session.ts';
import { baseImageOf, block, code, describeFlag, describeInstruction, describeVariable, lineOf } from './describe.ts';

/** The hover at an offset; undefined if there is nothing to say. */
export async function hover(session: DocumentSession, offset: number): Promise<Hover | undefined> {
  const { document } = session;
  const answer = (value: string | undefined, range: SourceRange): Hover | undefined =>
    value === undefined || value === ''
      ? undefined
      : {
          contents: markup(withoutSecrets(value, session), session.abilities.markdownHover),
          range: document.range(range),
        };

  const symbol = session.symbols.at(offset);
  if (symbol && 'use' in symbol && symbol.use.kind === 'variable') {
    const { name, range, definition, unit } = symbol.use;
    if (!definition) await session.currentAnalysis(); // the image may set it
    return answer(describeVariable(session, name, definition, unit), range);
  }
  if (symbol && 'definition' in symbol && symbol.definition.kind !== 'stage') {
    const { definition } = symbol;
    return answer(describeVariable(session, definition.name, definition, definition.unit), definition.range);
  }
  const at = instructionAt(document, offset);
  if (!at) return directiveHover(session, offset, answer);
  if (symbol) {
    const isUse = 'use' in symbol;
    const definition = isUse ? symbol.use.definition : symbol.definition;
    const range = isUse ? symbol.use.range : symbol.definition.range;
    if (definition) return answer(describeStage(session, definition.stage), range);
    if (isUse) return answer(await describeImage(session, symbol.use.name), range);
  }
  const { instruction, name } = at;
  // An image whose name has variables: what they stand for.
  const own = session.symbols.stages[session.symbols.stageOf(at.unit)];
  if (instruction.kind === 'from' && own && touches(instruction.image.range, offset))
    return answer(await describeImage(session, own.base), instruction.image.range);
  if (touches(instruction.keywordRange, offset))
    return answer(
      [describeInstruction(name), await describeOps(session, at)].filter(Boolean).join('\n\n---\n\n'),
      instruction.keywordRange,
    );
  const flag = instruction.flags.find(({ range }) => touches(range, offset));
  if (flag) {
    const part = flag.name === 'mount' ? mountOptionAt(document.text, flag.range, offset) : undefined;
    return answer(part ? describeMountOption(part.text) : describeFlag(name, flag.name), part?.range ?? flag.range);
  }
  return answer(await describeOps(session, at), instruction.range);
}

type Answer = (value: string | undefined, range: SourceRange) => Hover | undefined;

function directiveHover({ document }: DocumentSession, offset: number, answer: Answer): Hover | undefined {
  const directive = document.parsed.dockerfile().directives.find(({ range }) => touches(range, offset));
  if (!directive) return undefined;
  const { name, value, range } = directive;
  const anchor = partUrl(name);
  return answer(
    [block(`# ${name}=${value}`), directiveTexts[name].summary, `[Reference](${anchor})`].join('\n\n'),
    range,
  );
}

/** The option of a `--mount` at an offset. */
function mountOptionAt(
  text: string,
  { start, end }: SourceRange,
  offset: number,
): { readonly text: string; readonly range: SourceRange } | undefined {
  const written = text.slice(start, end);
  const first = written.indexOf('=') + 1;
  if (first === 0 || offset < start + first) return undefined;
  let at = first;
  for (const option of written.slice(first).split(',')) {
    const range = { start: start + at, end: start + at + option.length };
    if (touches(range, offset)) return { text: option, range };
    at += option.length + 1;
  }
  return undefined;
}

function describeMountOption(option: string): string | undefined {
  const [key = '', value = ''] = option.replace(/^["']/, '').split('=');
  const known = mountOptionTexts[key.toLowerCase()];
  if (!known) return undefined;
  const detail: Readonly<Record<string, string>> =
    key === 'type' ? mountTypeTexts : key === 'sharing' ? sharingTexts : {};
  const more = detail[value] === undefined ? '' : `\n\n${code(value)}: ${detail[value]}`;
  return `**${key}**\n\n${known.summary}${more}\n\n[Reference](${partUrl('run---mount')})`;
}

function describeStage(session: DocumentSession, index: number): string | undefined {
  const { symbols } = session;
  const stage = symbols.stages[index];
  if (!stage) return undefined;
  const image = baseImageOf(symbols, index);
  const uses = symbols.uses.filter(({ kind, definition }) => kind === 'stage' && definition?.stage === index).length;
  const line = lineOf(session, session.document.units[stage.unit]!.end - 1);
  const chain = stage.parent === undefined ? '' : `, by way of ${code(stage.base)}`;
  return [
    `**Stage ${stage.name || index}**, line ${line}`,
    image === undefined ? '' : `Begins with ${code(image)}${chain}.`,
    `Used ${uses === 1 ? 'once' : `${uses} times`}.`,
  ]
    .filter((it) => it !== '')
    .join('\n\n');
}

/** What is known of an image. */
async function describeImage(session: DocumentSession, written: string): Promise<string | undefined> {
  if (written === 'scratch') return '**scratch**\n\nAn empty file system.';
  let name: string;
  try {
    name = familiarString(parseNormalizedNamed(written));
  } catch {
    return undefined;
  }
  const analysis = (await session.currentAnalysis()) ?? session.analysis;
  const image = findImage(analysis, name);
  const heading = `**${name}**`;
  if (!image) {
    const hint = session.settings.registry
      ? 'No registry gives it.'
      : 'Nothing is known about it without its registry.';
    return `${heading}\n\n${hint}`;
  }
  const lines = [`Known from ${image.from}.`];
  if (image.digest !== '') lines.push(`- digest: ${code(image.digest)}`);
  if (image.platforms.length > 0) lines.push(`- platforms: ${image.platforms.map(code).join(', ')}`);
  const config = image.config?.config;
  if (config) {
    if (config.user !== '') lines.push(`- user: ${code(config.user)}`);
    if (config.workingDir !== '') lines.push(`- working directory: ${code(config.workingDir)}`);
    if (config.entrypoint?.length) lines.push(`- entrypoint: ${code(JSON.stringify(config.entrypoint))}`);
    if (config.cmd?.length) lines.push(`- command: ${code(JSON.stringify(config.cmd))}`);
    if (config.exposedPorts?.size) lines.push(`- ports: ${[...config.exposedPorts].map(code).join(', ')}`);
    for (const variable of config.env.slice(0, 30)) lines.push(`- ${code(variable)}`);
  }
  return `${heading}\n\n${lines.join('\n')}`;
}

function findImage(analysis: Analysis | undefined, name: string) {
  const { images } = analysis ?? {};
  return images?.get(name) ?? (/[:@][^/]*$/.test(name) ? undefined : images?.get(`${name}:latest`));
}

/** Most ops that are shown of an instruction. */
const maxOps = 20;

/** What an instruction becomes. */
async function describeOps(session: DocumentSession, { instruction }: InstructionAt): Promise<string | undefined> {
  if (!(await session.currentAnalysis())) return undefined;
  const { uri, version } = session.document;
  const ops = await session.ask('ops', { uri, version, line: instruction.lines.start });
  if (ops.length === 0) return undefined;
  const shown = ops.slice(0, maxOps).map(({ kind, summary, details, digest }) => {
    const more = details.slice(0, maxOps).map((it) => `  - ${code(it)}`);
    const name = digest === '' ? '' : ` — ${code(digest.slice(0, 19))}`;
    return [`- ${kind} ${code(summary)}${name}`, ...more].join('\n');
  });
  const rest = ops.length > maxOps ? [`- and ${ops.length - maxOps} more`] : [];
  return [`Becomes ${ops.length === 1 ? 'an op' : `${ops.length} ops`}:`, [...shown, ...rest].join('\n')].join('\n\n');
}
