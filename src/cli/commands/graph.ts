/** `tsfront graph`: the build graph as a drawing, or as data. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Compiled } from '../../daemonless/compile.ts';
import type { GraphOptions } from '../../graph/index.ts';
import { UsageError } from '../../text/usage-error.ts';
import { compileBuild } from '../compile-build.ts';
import type { Io } from '../io.ts';
import { contextArgument, daemonlessCommand } from '../options/daemonless-command.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput } from '../output.ts';

function declare() {
  return daemonlessCommand('graph')
    .summary('draw the build graph of a Dockerfile')
    .description('Draws the build graph of a Dockerfile or a build program, without a daemon.')
    .argument(...contextArgument)
    .addOption(options.graphFormat)
    .addOption(options.outputFile)
    .addOption(options.record)
    .addOption(options.explanation)
    .addOption(options.open);
}

type GraphFlags = OptionsOf<ReturnType<typeof declare>>;

export function graphCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

/** Largest record or explanation that is read, in bytes: logs of steps are in a record. */
const maxRecordBytes = 256 << 20;

async function run(context: string, given: GraphFlags, io: Io): Promise<void> {
  const { open } = given;
  const format = given.format ?? (open ? 'html' : 'dot');
  if (open && format !== 'html') throw new UsageError(`--open: a browser shows the format html, not ${format}`);
  if (open && given.output === '-') throw new UsageError('--open: a browser shows a file, not standard output');
  for (const [option, what] of [
    ['record', 'times'],
    ['explain', 'why steps run again'],
  ] as const)
    if (given[option] !== undefined && (format === 'dot' || format === 'mermaid'))
      throw new UsageError(`--${option}: the format ${format} does not show ${what}: take html, svg or json`);
  requireWritable('--output', given.output);
  requireOwnPlaces([
    { path: given.output ?? (open ? undefined : '-'), kind: 'file', by: '--output' },
    { path: given.writeImages, kind: 'file', by: '--write-images' },
  ]);
  const record = given.record === undefined ? undefined : await readRecord(given.record, io);
  const explanations = given.explain === undefined ? undefined : await readExplanations(given.explain, io);
  const compiled = await compileBuild(context, given, io, { takeUnknown: true });
  const drawn = await render(compiled, format, { record, explanations });
  if (!open) return writeOutput(given.output, drawn, io);
  const file = given.output ?? (await temporaryPage());
  await writeOutput(file, drawn, io);
  await show(file, io);
}

/** A file that stays when this process ends, because the browser reads it later; the system empties its directory. */
async function temporaryPage(): Promise<string> {
  return path.join(await mkdtemp(path.join(tmpdir(), 'tsfront-graph-')), 'graph.html');
}

async function show(file: string, io: Io): Promise<void> {
  const { openInBrowser } = await import('../../system/open-in-browser.ts');
  io.writeStderr(`the page is ${file}\n`);
  await openInBrowser(path.resolve(file)).catch((cause: Error) => {
    throw new Error(`--open: no browser could be started (${cause.message}): open the page by hand`, { cause });
  });
}

async function readRecord(file: string, io: Io): Promise<GraphOptions['record']> {
  const { readProgress } = await import('../../graph/index.ts');
  return readGiven('--record', file, (text) => readProgress(text, file), io);
}

async function readExplanations(file: string, io: Io): Promise<GraphOptions['explanations']> {
  const { parseExplanation } = await import('../../explain/parse-explanation.ts');
  const { explainOps } = await import('../explain-command/explanation.ts');
  return readGiven('--explain', file, (text) => explainOps(parseExplanation(text)), io);
}

/** What each option takes, for who gives it something else. */
const wanted = {
  '--record':
    'it takes the progress of a build, which `tsfront build --progress rawjson` or `docker build --progress rawjson` writes to standard error',
  '--explain': 'it takes what `tsfront explain --format json` writes',
} as const;

/** Reads a file that an option names. @throws UsageError if it cannot be read, or `parse` refuses its text */
async function readGiven<T>(option: keyof typeof wanted, file: string, parse: (text: string) => T, io: Io): Promise<T> {
  const { readNamedFile } = await import('../../system/named-file.ts');
  const bytes = await readNamedFile(file, maxRecordBytes, io.signal).catch((error: Error) => {
    throw new UsageError(`${option}: cannot read ${file}: ${error.message}`, { cause: error });
  });
  const text = new TextDecoder().decode(bytes);
  try {
    return parse(text);
  } catch (error) {
    const { describeFile } = await import('../describe-file.ts');
    const given = describeFile(text);
    if (given !== undefined)
      throw new UsageError(`${option}: ${file} is ${given}: ${wanted[option]}`, { cause: error });
    const what = error instanceof SyntaxError ? `${file} is not JSON: ` : '';
    throw new UsageError(`${option}: ${what}${(error as Error).message}`, { cause: error });
  }
}

async function render(
  compiled: Compiled,
  format: NonNullable<GraphFlags['format']>,
  given: GraphOptions,
): Promise<string> {
  if (format === 'dot') {
    const { formatDot } = await import('../../llb/dot.ts');
    const { hideSecretsOfAll } = await import('../../llb/definition-secrets.ts');
    const definitions = [...compiled.definitions.values()];
    const hide = hideSecretsOfAll(definitions, Object.entries(compiled.buildArgs));
    return definitions.map((it) => formatDot(it, hide)).join('\n');
  }
  const { buildGraph, formatMermaid, formatPage, formatSvg } = await import('../../graph/index.ts');
  const graph = buildGraph(compiled, given);
  switch (format) {
    case 'mermaid':
      return formatMermaid(graph);
    case 'svg':
      return formatSvg(graph);
    case 'html':
      return formatPage(graph);
    case 'json':
      return `${JSON.stringify(graph, null, 2)}\n`;
  }
}
