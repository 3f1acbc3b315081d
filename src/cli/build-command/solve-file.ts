/** Runs `tsfront solve`. */
import { createReadStream, statSync } from 'node:fs';
import { exporterOf } from '../../client/exporter-table.ts';
import {
  type Connection,
  compiledFrontend,
  connect,
  createDisplay,
  dockerPush,
  hasImageStore,
  listWorkers,
  showProgress,
  solve,
} from '../../client/index.ts';
import { Definition } from '../../llb/index.ts';
import { type CompiledImage, parseCompiled, withImageConfig } from '../../offline/compiled-file.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { entitlements, isLocalDeleteAllowed } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { parseCaches } from '../options/caches.ts';
import { parseSsh, requireSsh } from '../options/check-ssh.ts';
import { requireAddress } from '../options/daemon-address.ts';
import type { SolveFlags } from '../options/declare-solve.ts';
import { cutPair } from '../options/named-values.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { warn, warnOnce } from '../warn.ts';
import { formatMetadata, withoutConfigDigest } from './metadata-file.ts';
import { openOutputs } from './open-outputs.ts';
import { requirePlaces } from './output-places.ts';
import { requireOutputs } from './outputs.ts';
import { readSourcePolicy } from './source-policy-file.ts';

/** Reads a file, or standard input for `-`. */
function readInput(file: string, io: Io): Promise<Uint8Array> {
  return file === '-' ? io.readStdin(maxInputBytes) : untilAborted(readBounded(file), io.signal);
}

/** Reads a compiled file. Without an image config its `metadata` is empty. */
async function readCompiled(file: string, { imageConfig }: SolveFlags, io: Io): Promise<CompiledImage> {
  if (file === '-' && imageConfig === '-')
    throw new UsageError('the compiled file and the image config cannot both be on standard input');
  const bytes = await readInput(file, io);
  // the definition of scratch is empty, and so is the output of a `tsfront compile |` that failed
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
      `${file} is not an LLB definition, as \`tsfront compile\` writes it: ${(error as Error).message}`,
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
    const why = code === 'EISDIR' ? 'it is a directory' : systemErrorsInWords(message).replace(`${file}: `, '');
    throw new UsageError(`cannot read ${file}: ${why}`, { cause: error });
  }
  if (bytes > maxInputBytes) throw new UsageError(`${file} has more than ${maxInputBytes} bytes`);
  return Buffer.concat(chunks);
}

/** Parses `NAME=DIRECTORY`. @throws UsageError if the directory does not exist */
function parseLocals(locals: readonly string[]): Record<string, string> {
  const dirs: Record<string, string> = Object.create(null);
  for (const local of locals) {
    const [name, dir] = cutPair(local);
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
function requireLocals(file: string, { definitions }: CompiledImage, given: Readonly<Record<string, string>>): void {
  const ops = [...definitions.values()].flatMap((definition) => definition.ops());
  const sources = ops.flatMap(({ op: { op } }) => (op.case === 'source' ? op.value.identifier : []));
  const names = sources.flatMap((source) => (source.startsWith('local://') ? source.slice('local://'.length) : []));
  const missing = [...new Set(names)].filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return;
  const flags = missing.map((name) => `--local ${name}=DIRECTORY`).join(' ');
  throw new UsageError(`${file} reads files of yours that it does not have: give them with ${flags}`);
}

/** Solves a compiled file and writes the outputs. @returns the exit code */
export async function solveFile(file: string, flags: SolveFlags, io: Io): Promise<number> {
  const { env, signal } = io;
  let connection: Connection | undefined;
  const onWarning = warnOnce(io);
  try {
    const mode = progressMode(flags, env);
    const { allowUnknown } = flags;
    requireAddress('--builder', flags.builder);
    const localDirs = parseLocals(flags.local);
    const secrets = parseSecrets(flags.secret, env);
    await requireSsh(flags.ssh);
    const allowed = entitlements(flags);
    const auth = authHosts(flags.authHost);
    const cacheFrom = parseCaches('--cache-from', flags.cacheFrom, allowUnknown);
    const cacheTo = parseCaches('--cache-to', flags.cacheTo, allowUnknown);
    const sourcePolicy = await readSourcePolicy(env);
    requireWritable('--metadata-file', flags.metadataFile);
    const allowDelete = isLocalDeleteAllowed(flags);
    const outputs = {
      output: flags.output,
      tag: [],
      annotation: [],
      allowUnknown,
      allowDelete,
    };
    requirePlaces(flags.output.length > 0 ? requireOutputs(outputs) : [], cacheTo, flags);
    const compiled = await readCompiled(file, flags, io);
    requireLocals(file, compiled, localDirs);
    connection = await connect(flags.builder, { signal, env, onWarning });
    const pushes = flags.output.length > 0 && hasImageStore(await untilAborted(listWorkers(connection), signal));
    const { exports, pushByEngine, prefersImageDigest } =
      flags.output.length > 0
        ? await openOutputs(outputs, { kind: connection.kind, pushes, onWarning })
        : { exports: [], pushByEngine: [], prefersImageDigest: false };
    const makesImage = exports.some(
      (entry) => exporterOf(entry.type === 'custom' ? entry.name : entry.type)?.makesImage,
    );
    if (makesImage && compiled.metadata.size === 0)
      warn(
        `${file} has no image config, so the image has no entry point, environment and labels: compile to JSON, or give the file of \`tsfront compile --image-config\` with --image-config`,
        io,
      );
    const build = solve(connection, {
      frontend: compiledFrontend(compiled),
      localDirs,
      exports,
      secrets,
      ssh: parseSsh(flags.ssh),
      auth,
      entitlements: allowed,
      cacheFrom,
      cacheTo,
      sourcePolicy,
      onWarning,
      signal,
    });
    const warnings = await showProgress(build.status, await createDisplay(mode, io.stderr, env), signal);
    const result = await build.result;
    for (const name of pushByEngine) await dockerPush(name, { address: connection.address, signal, onWarning });
    if (flags.metadataFile) {
      const reportedResult = prefersImageDigest ? withoutConfigDigest(result) : result;
      await writeOutput(flags.metadataFile, await formatMetadata(connection, reportedResult, warnings, env), io);
    }
    return 0;
  } catch (error) {
    return reportFailure(error, io, { asked: 'build' });
  } finally {
    connection?.close();
  }
}
