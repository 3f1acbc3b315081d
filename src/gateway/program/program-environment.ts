/** What lowering gets for a program: the same as for a Dockerfile, and bases that no Dockerfile can name. */
import type { GraphJson, SourceJson } from '../../build-program/protocol.ts';
import { fromBase64 } from '../../go/base64.ts';
import { marshalJson } from '../../go/json-encode.ts';
import { encodeText } from '../../go/text.ts';
import { type emptyImage, parseImageConfig } from '../../image/config.ts';
import { defaultPlatform } from '../../image/platform.ts';
import { familiarString, parseNormalizedNamed } from '../../image/reference.ts';
import { Definition, deferred, diff, loadDefinition, merge } from '../../llb/index.ts';
import type { State } from '../../llb/state.ts';
import type { LoadedContext, LowerEnvironment, NamedContextRequest } from '../../lower/environment.ts';
import { createDockerfile, createEnvironment } from '../dockerfile.ts';
import { withSource } from '../error-status.ts';
import type { BuildContext, Entrypoint } from '../main-context.ts';
import { singleRef } from '../main-context.ts';
import type { ProgramBuild } from './program-build.ts';

/**
 * @param outerContext gives the main context of the graph that contains this one; undefined if no graph contains it
 */
export function createProgramEnvironment(
  build: ProgramBuild,
  graph: GraphJson,
  outerContext: BuildContext['main'] | undefined,
): LowerEnvironment {
  const environment = createEnvironment(build.bridge, build.options, build.context);
  const shared = outerContext ? undefined : shareContext(build.context);
  const mainContext = outerContext ?? shared!.collect;
  return {
    ...environment,
    namedContext(name, request) {
      const source = sourceNamed(graph, name);
      return source
        ? { load: () => load(build, graph, source, mainContext, request) }
        : environment.namedContext(name, request);
    },
    mainContext: shared ? shared.open : mainContext,
  };
}

function sourceNamed({ sources }: GraphJson, name: string): SourceJson | undefined {
  const familiar = familiarString(parseNormalizedNamed(name)).replace(/:latest$/, '');
  return Object.hasOwn(sources, familiar) ? sources[familiar] : undefined;
}

/** One main context for a graph and those inside it. It is transferred once, with the paths that any of them reads. */
function shareContext(context: BuildContext): {
  /** For graphs inside: notes their paths. The state is known when {@link open} has been called. */
  readonly collect: BuildContext['main'];
  /** For the graph itself: opens the context with all paths. */
  readonly open: BuildContext['main'];
} {
  const paths = new Set<string>();
  let isAll = false;
  let state: State | undefined;
  return {
    async collect(followPaths) {
      if (!followPaths) isAll = true;
      for (const path of followPaths ?? []) paths.add(path);
      return deferred(() => state!);
    },
    // Lowering asks with the paths of the graph last. Before that, it may ask for all of the context, for its time.
    async open(followPaths) {
      state = await context.main(isAll || !followPaths ? undefined : [...new Set([...paths, ...followPaths])].sort());
      return state;
    },
  };
}

async function load(
  build: ProgramBuild,
  graph: GraphJson,
  source: SourceJson,
  mainContext: BuildContext['main'],
  { platform }: NamedContextRequest,
): Promise<LoadedContext> {
  const lowerStage = (target: string) => build.lowerGraph(graph, { target, platform, mainContext });
  switch (source.kind) {
    case 'merge': {
      const layers = await Promise.all(source.stages.map(lowerStage));
      const name = `merge ${source.stages.join(', ')}`;
      return {
        state: merge(
          layers.map(({ state }) => state),
          { customName: name },
        ),
        image: layers[0]!.image,
      };
    }
    case 'diff': {
      const [lower, upper] = await Promise.all([lowerStage(source.lower), lowerStage(source.upper)]);
      return {
        state: diff(lower.state, upper.state, { customName: `diff ${source.lower} -> ${source.upper}` }),
        image: undefined,
      };
    }
    case 'definition': {
      const bytes = fromBase64(source.definition);
      if (!bytes) throw new Error('a state of the build program cannot be read');
      const definition = Definition.decode(bytes);
      if (build.options.pins?.isFrozen) await refuseUnpinned(build, definition);
      const state = loadDefinition(definition);
      return withConfig(state, source.config, platform ?? defaultPlatform());
    }
    case 'dockerfile':
      return loadDockerfile(build, source, mainContext, platform);
  }
}

/** @throws DiagnosticError for a source of the program's own that is not pinned */
async function refuseUnpinned({ context }: ProgramBuild, definition: Definition): Promise<void> {
  const { requirePinned } = await import('./require-pinned.ts');
  const own = (await context.main(undefined)).marshal().ops();
  requirePinned(definition, new Set(own.map(({ digest }) => digest)));
}

function withConfig(state: State, config: unknown, platform: Parameters<typeof emptyImage>[0]): LoadedContext {
  if (config === undefined || config === null) return { state, image: undefined };
  const { os, architecture } = platform;
  const json = encodeText(
    marshalJson({ os, architecture, rootfs: { type: 'layers' }, ...(config as object) } as never),
  );
  return { state: state.withImageConfig(json), image: parseImageConfig(json) };
}

/** A stage of a Dockerfile of the main context. */
async function loadDockerfile(
  { bridge, options, context }: ProgramBuild,
  { path, target, args }: Extract<SourceJson, { kind: 'dockerfile' }>,
  mainContext: BuildContext['main'],
  platform: NamedContextRequest['platform'],
): Promise<LoadedContext> {
  const filename = path.replace(/^(?:\.?\/)+/, '');
  const definition = (await context.main([filename])).marshal();
  const ref = singleRef(await bridge.solve({ definition }));
  const data = await bridge.readFile(ref, filename).catch(() => {
    throw new Error(`dockerfile: the build context has no file ${JSON.stringify(path)}`);
  });
  const entrypoint: Entrypoint = { filename, data, definition };
  const inner = { ...options, target, buildArgs: new Map(Object.entries(args)) };
  const dockerfile = createDockerfile(bridge, inner, withMain(context, mainContext), entrypoint);
  try {
    const { state, image } = await dockerfile.lower({ platform });
    return { state, image };
  } catch (error) {
    throw withSource(error, dockerfile.source);
  }
}

/** A context whose main context another function gives. */
const withMain = (context: BuildContext, main: BuildContext['main']): BuildContext => ({
  main,
  readEntrypoint: () => context.readEntrypoint(),
  matching: (patterns) => context.matching(patterns),
  ignorePatterns: () => context.ignorePatterns(),
  ignoreFile: () => context.ignoreFile(),
  readBeside: (paths) => context.readBeside(paths),
});
