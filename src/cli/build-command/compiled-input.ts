/** What `tsfront solve` builds: a file that `tsfront compile` wrote, or what it compiles itself. */
import { createReadStream, statSync } from 'node:fs';
import { type CompiledImage, parseCompiled, withImageConfig } from '../../daemonless/compiled-file.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { Definition } from '../../llb/index.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { UsageError } from '../../text/usage-error.ts';
import { compileBuild } from '../compile-build.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import type { SolveFlags } from '../options/declare-solve.ts';
import { isPolicyDisabled } from '../options/policy.ts';
import { asNamed, type ShownPath } from '../shown-path.ts';

/** A graph with its image configs, and the files of this machine that it reads. */
export interface CompiledInput {
  readonly compiled: CompiledImage;
  /** Its name in messages. */
  readonly name: string;
  /** Directories by the names of their local sources. */
  readonly localDirs: Readonly<Record<string, string>>;
  /** Directories of OCI layouts by store id. */
  readonly ociLayouts: Readonly<Record<string, string>>;
  readonly shown: ShownPath;
}

/**
 * Opens what is built. With `--file` it is compiled here, as by `tsfront compile`.
 * @param input the compiled file, or with `--file` the build context; undefined if none is given
 * @param compileFlags the flags that were given and that only a compilation has
 * @throws UsageError for what cannot be read and for what is missing; Exit if the compilation fails, which has told why
 */
export async function openCompiled(
  input: string | undefined,
  flags: SolveFlags,
  compileFlags: readonly string[],
  io: Io,
): Promise<CompiledInput> {
  const given = parseLocals(flags.local);
  const opened = flags.file ? await compileHere(input, flags, io) : await openFile(input, flags, compileFlags, io);
  const localDirs = { ...opened.localDirs, ...given };
  requireLocals(opened, localDirs);
  return { ...opened, localDirs };
}

async function compileHere(context = '.', flags: SolveFlags, io: Io): Promise<CompiledInput> {
  if (flags.imageConfig !== undefined)
    throw new UsageError('--image-config goes with a compiled file: what --file compiles has its own');
  const compiled = await compileBuild(context, flags, io, { refusePolicy: !isPolicyDisabled(flags.policy, io.env) });
  const { dirs, options, shown } = compiled.build;
  if (compiled.attestations)
    io.writeStderr('note: it is built without its SBOM: `tsfront build` makes and attaches it\n');
  return {
    compiled,
    name: flags.file!,
    localDirs: Object.fromEntries(dirs),
    ociLayouts: Object.fromEntries([...(options.ociLayouts ?? [])].map(([store, { dir }]) => [store, dir])),
    shown,
  };
}

async function openFile(
  file = '-',
  flags: SolveFlags,
  compileFlags: readonly string[],
  io: Io,
): Promise<CompiledInput> {
  if (compileFlags.length > 0)
    throw new UsageError(
      `${compileFlags.join(', ')}: this is for what is compiled: give the Dockerfile or build program with --file, or compile with it`,
    );
  const compiled = await readCompiled(file, flags, io);
  return { compiled, name: file, localDirs: {}, ociLayouts: {}, shown: asNamed };
}

/** Reads a file, or standard input for `-`. */
function readInput(file: string, io: Io): Promise<Uint8Array> {
  return file === '-' ? io.readStdin(maxInputBytes) : untilAborted(readBounded(file), io.signal);
}

/** Reads a compiled file. Without an image config its `metadata` is empty. */
async function readCompiled(file: string, { imageConfig }: SolveFlags, io: Io): Promise<CompiledImage> {
  if (file === '-' && imageConfig === '-')
    throw new UsageError('the compiled file and the image config cannot both be on standard input');
  const bytes = await readInput(file, io);
  // The definition of scratch is empty, and so is the output of a `tsfront compile |` that failed.
  if (bytes.length === 0 && imageConfig === undefined)
    throw new UsageError(
      `${file === '-' ? 'standard input' : file} is empty: an empty definition is scratch alone, which \`tsfront compile\` writes as JSON, or beside it with --image-config`,
    );
  const compiled = parse(file, bytes);
  if (imageConfig === undefined) return compiled;
  if (compiled.metadata.size > 0)
    throw new UsageError(`${file} has an image config of its own: leave out --image-config`);
  const [definition] = compiled.definitions.values();
  const config = await readInput(imageConfig, io);
  try {
    return withImageConfig(definition!, config);
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(
      `--image-config: ${imageConfig} is not an image config, as \`tsfront compile --image-config\` writes it: ${message}`,
    );
  }
}

function parse(file: string, bytes: Uint8Array): CompiledImage {
  try {
    if (bytes[0] === '{'.charCodeAt(0)) return parseCompiled(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const definition = Definition.decode(bytes);
    definition.ops(); // decodes them, so that invalid ones are found
    return { definitions: new Map([['', definition]]), multiPlatform: false, metadata: new Map() };
  } catch (error) {
    throw new UsageError(
      `${file} is not an LLB definition, as \`tsfront compile\` writes it (--file compiles a Dockerfile or a build program): ${(error as Error).message}`,
    );
  }
}

/** Maximum size of a compiled file in bytes. */
const maxInputBytes = 256 << 20;

/** Reads a file or a pipe up to {@link maxInputBytes}. @throws UsageError if it cannot be read */
async function readBounded(file: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxInputBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EISDIR'
        ? 'it is a directory: --file names a Dockerfile or a build program in it'
        : systemErrorsInWords(message).replace(`${file}: `, '');
    throw new UsageError(`cannot read ${file}: ${why}`, { cause: error });
  }
  if (bytes > maxInputBytes) throw new UsageError(`${file} has more than ${maxInputBytes} bytes`);
  return Buffer.concat(chunks);
}

/** Parses `NAME=DIRECTORY`. @throws UsageError if the directory does not exist */
function parseLocals(locals: readonly string[]): Record<string, string> {
  const dirs: Record<string, string> = Object.create(null);
  for (const local of locals) {
    const [name, dir] = splitAtFirst(local, '=');
    if (!name || !dir)
      throw new UsageError(`invalid value ${JSON.stringify(local)} for --local: expected name=directory`);
    if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
      throw new UsageError(`--local ${name}: ${dir} is not a directory that is there`);
    dirs[name] = dir;
  }
  return dirs;
}

/**
 * Checks that the local sources of the graph are given by `--local`. The daemon's message would not name the option.
 * @throws UsageError
 */
function requireLocals({ compiled, name: file }: CompiledInput, given: Readonly<Record<string, string>>): void {
  const ops = [...compiled.definitions.values()].flatMap((definition) => definition.ops());
  const sources = ops.flatMap(({ op: { op } }) => (op.case === 'source' ? op.value.identifier : []));
  const names = sources.flatMap((source) => (source.startsWith('local://') ? source.slice('local://'.length) : []));
  const missing = [...new Set(names)].filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return;
  const flags = missing.map((name) => `--local ${name}=DIRECTORY`).join(' ');
  throw new UsageError(`${file} reads files of yours that it does not have: give them with ${flags}`);
}
