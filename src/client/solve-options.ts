/** The options of a build. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PolicySchema } from '../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import type { Definition } from '../llb/definition.ts';
import {
  aBoolean,
  aFunction,
  aNumber,
  anAbortSignal,
  anything,
  aString,
  aUint8Array,
  either,
  having,
  listOf,
  objectWith,
  objectWithOnly,
  optional,
  recordOf,
  type Validator,
  type ValidatorsOf,
  validator,
} from '../text/arguments.ts';
import type { CacheEntry } from './cache.ts';
import { anObjectOfStrings } from './client-arguments.ts';
import { type Export, exporterTable, goesTo } from './exporter-table.ts';
import type { InProcessFrontend } from './in-process-frontend.ts';
import type { ChooseExports } from './session/chosen-exports.ts';
import { type ServiceOptions, serviceOptions } from './session/services.ts';
import type { Attachable } from './session/session.ts';

/** Contents by path, with slashes: `{ 'Dockerfile': 'FROM alpine' }`. */
export type MemoryFiles = Readonly<Record<string, string | Uint8Array>>;

/** Options of a build: the frontend or graph, its inputs, and the outputs. */
export interface SolveOptions extends ServiceOptions {
  /** The graph to build. Either this or a frontend. */
  readonly definition?: Definition | undefined;
  /**
   * A frontend: one the daemon runs (`dockerfile.v0`, or `gateway.v0` with the option `source`), or a function that
   * runs here, such as tsfront's own `dockerfileFrontend`.
   */
  readonly frontend?: string | InProcessFrontend | undefined;
  /** Options of the frontend, by BuildKit's names: `target`, `build-arg:K`, `platform`, … */
  readonly frontendAttrs?: Readonly<Record<string, string>> | undefined;
  /** Graphs that the frontend reads as inputs, by name. */
  readonly frontendInputs?: Readonly<Record<string, Definition>> | undefined;
  /**
   * Directories by the name of their local source: a path, or files in memory by path, which are written to a temporary
   * directory during the build. A Dockerfile frontend reads `context` and `dockerfile`; the latter is `context` if
   * absent.
   */
  readonly localDirs?: Readonly<Record<string, string | MemoryFiles>> | undefined;
  /** Directories with OCI layouts, by the name of their store. */
  readonly ociLayouts?: Readonly<Record<string, string>> | undefined;
  /** Outputs. If absent or empty, the result stays in the daemon's cache. */
  readonly exports?: readonly Export[] | undefined;
  /**
   * Chooses further outputs when the result is known. With daemons before BuildKit 0.22, which do not ask for them, the
   * build fails.
   */
  readonly chooseExports?: ChooseExports | undefined;
  /** Caches that the daemon imports. */
  readonly cacheFrom?: readonly CacheEntry[] | undefined;
  /** Caches that the daemon exports. */
  readonly cacheTo?: readonly CacheEntry[] | undefined;
  /** Permissions beyond the default: `network.host`, `security.insecure`, `device=…`. */
  readonly entitlements?: readonly string[] | undefined;
  /** Rules that allow, deny or rewrite sources, applied by the daemon. */
  readonly sourcePolicy?: MessageInitShape<typeof PolicySchema> | undefined;
  /**
   * Makes images byte for byte like an older BuildKit: 10 like 0.13 and 0.14, 20 like 0.15 to 0.31, 30 like newer ones.
   * Daemons before BuildKit 0.30 do not support it and are refused.
   */
  readonly compatibilityVersion?: number | undefined;
  /**
   * Routes RUN network traffic through a proxy of the daemon, which records it in the provenance. Daemons before
   * BuildKit 0.31 do not support it and are refused.
   */
  readonly proxyNetwork?: boolean | undefined;
  /** Omits the build from the daemon's history. */
  readonly internal?: boolean | undefined;
  /** Further services for the session. */
  readonly attachables?: readonly Attachable[] | undefined;
  /**
   * Identifies the context, so that later builds with the same key send only files whose size or time has changed. By
   * default builds of the same directories have the same key, and different ones never share one.
   */
  readonly sharedKey?: string | undefined;
  /** The ID of the build; random by default. */
  readonly ref?: string | undefined;
  /** Stops the build, also on the daemon. */
  readonly signal?: AbortSignal | undefined;
}

// Validators for programs in plain JavaScript. The type checker requires one for each option.

const aDefinition = having('a definition, such as `marshal()` of a state returns', 'ops', 'encode');

const aDirectory: Validator = (value, name) =>
  typeof value === 'string'
    ? undefined
    : recordOf(
        either('a string or a Uint8Array', aString, aUint8Array),
        'the path of a directory, or an object of files by their paths',
      )(value, name);

const aDestination = validator('a path, or a function that opens a stream', (value) =>
  /^(string|function)$/.test(typeof value),
);

const received = Object.keys(exporterTable).filter((type) => goesTo(type, 'archive') || goesTo(type, 'dir'));
const exportTypes = ['image', ...received, 'custom'];
const exportFields: Readonly<Record<string, Validator>> = {
  type: validator(`one of ${exportTypes.join(', ')}`, (value) => exportTypes.includes(value as string)),
  attrs: optional(anObjectOfStrings),
  dest: optional(aDestination),
};
const anExport: Validator = (value, name) =>
  objectWithOnly(
    (value as { readonly type?: unknown } | null)?.type === 'custom'
      ? { ...exportFields, name: aString }
      : exportFields,
  )(value, name);

const someCacheEntries = listOf(
  objectWithOnly({ type: aString, attrs: optional(anObjectOfStrings) }),
  'an array of { type, attrs }',
);

/** The validators of the options that `solveOnNodes` takes too. */
export const commonOptions: ValidatorsOf<Omit<SolveOptions, 'exports' | 'chooseExports' | 'attachables' | 'ref'>> = {
  ...serviceOptions,
  definition: optional(aDefinition),
  frontend: optional(
    validator('the name of a frontend or a function', (value) => /^(string|function)$/.test(typeof value)),
  ),
  frontendAttrs: optional(anObjectOfStrings),
  frontendInputs: optional(recordOf(having('a definition, such as `marshal()` of a state returns', 'toPb'))),
  localDirs: optional(recordOf(aDirectory, 'an object of directories by their names')),
  ociLayouts: optional(recordOf(aString, 'an object of directories by their names')),
  cacheFrom: optional(someCacheEntries),
  cacheTo: optional(someCacheEntries),
  entitlements: optional(listOf(aString)),
  sourcePolicy: optional(objectWith({})),
  compatibilityVersion: optional(aNumber),
  proxyNetwork: optional(aBoolean),
  internal: optional(aBoolean),
  sharedKey: optional(aString),
  signal: optional(anAbortSignal),
};

/** {@link SolveOptions}. */
export const solveOptions = objectWithOnly<SolveOptions>({
  ...commonOptions,
  exports: optional(listOf(anExport, 'an array of { type, attrs, dest }')),
  chooseExports: optional(aFunction),
  attachables: optional(listOf(objectWith({ routes: anything }))),
  ref: optional(aString),
});
