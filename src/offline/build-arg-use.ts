/**
 * Build arguments that no ARG takes: mostly misspelled ones. The reference says nothing of them, so what a frontend answers
 * and warns of stays as it is, and whoever runs one asks here.
 */
import type { Bridge, ResolvedImage, Result } from '../gateway/bridge.ts';
import type { OtherFrontends } from '../gateway/forward.ts';
import { runFrontend } from '../gateway/frontend.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { parseTrigger } from '../parser/parse.ts';
import { suggest } from '../parser/suggest.ts';

/** A build argument that nothing takes, and the name of an ARG that is nearly its own. */
export interface UnusedArg {
  readonly name: string;
  readonly similar: string | undefined;
}

/** Watches the runs of a frontend, be they of several Dockerfiles, contexts or daemons. */
export interface ArgWatch {
  /** Runs the Dockerfile frontend. */
  run(bridge: Bridge, others: OtherFrontends): Promise<Result>;
  /**
   * The build arguments that no run has taken. Where not all ARGs are known, since the Dockerfile has errors or a base image
   * could not be looked up, only those whose name is nearly that of an ARG.
   */
  unused(): UnusedArg[];
}

/** Taken without an ARG: by the frontend, by RUN, or by the daemon. */
const predefined =
  /^(BUILDKIT_.*|SOURCE_DATE_EPOCH|(HTTP|HTTPS|FTP|NO|ALL)_PROXY|(http|https|ftp|no|all)_proxy|BUILD(PLATFORM|OS|OSVERSION|ARCH|VARIANT)|TARGET(PLATFORM|OS|OSVERSION|ARCH|VARIANT|STAGE))$/s;

const PREFIX = 'build-arg:';

export function watchArgs(): ArgWatch {
  const given = new Set<string>();
  const declared = new Set<string>();
  let read = false;
  let otherReader = false;
  let complete = true;

  const declare = (instructions: readonly Instruction[]) => {
    for (const instruction of instructions) {
      if (instruction.kind === 'arg') for (const { key } of instruction.args) declared.add(key);
      if (instruction.kind === 'onbuild') declareTriggers([instruction.expression]);
    }
  };
  const declareTriggers = (expressions: readonly string[]) => {
    for (const expression of expressions.filter((it) => /^\s*arg\s/i.test(it))) {
      try {
        declare([parseTrigger(expression, { start: 0, end: 0 })]);
      } catch {
        complete = false; // the frontend says so, if it gets there
      }
    }
  };
  const looked = async <T extends Pick<ResolvedImage, 'config' | 'unknown'> | undefined>(image: Promise<T>) => {
    try {
      const found = await image;
      if (found?.unknown) complete = false;
      else if (found) declareTriggers(triggersOf(found.config));
    } catch {
      complete = false;
    }
  };

  return {
    run(bridge, others) {
      for (const name of Object.keys(bridge.options.opts))
        if (name.startsWith(PREFIX)) given.add(name.slice(PREFIX.length));
      let ours = false;
      const watched: Bridge = {
        ...bridge,
        async resolveImageConfig(ref, request) {
          const image = bridge.resolveImageConfig(ref, request);
          await looked(image);
          return image;
        },
        async resolveSourceMetadata(source, request) {
          const metadata = bridge.resolveSourceMetadata(source, request);
          await looked(metadata.then(({ image }) => image));
          return metadata;
        },
      };
      const onDockerfile = (dockerfile: Dockerfile) => {
        ours = read = true;
        declare(dockerfile.instructions);
        if (dockerfile.diagnostics.some(({ severity }) => severity === 'error')) complete = false;
      };
      return runFrontend(watched, { others, onDockerfile }).finally(() => {
        if (!ours) otherReader = true;
      });
    },
    unused() {
      if (!read || otherReader) return [];
      const all = [...given].filter((name) => !declared.has(name) && !predefined.test(name));
      const unused = all.map((name) => ({ name, similar: nearest(name, declared) }));
      return complete ? unused : unused.filter(({ similar }) => similar !== undefined);
    },
  };
}

/** One that differs in its capitals only, or else in a few letters. */
function nearest(name: string, declared: ReadonlySet<string>): string | undefined {
  const lower = name.toLowerCase();
  for (const it of declared) if (it.toLowerCase() === lower) return it;
  return suggest(name, declared, true);
}

/** The triggers of an image; what cannot be read is for the frontend to judge. */
function triggersOf(config: Uint8Array): string[] {
  try {
    const { config: container } = JSON.parse(new TextDecoder().decode(config)) as {
      readonly config?: { readonly OnBuild?: unknown } | null;
    };
    const triggers = container?.OnBuild;
    return Array.isArray(triggers) ? triggers.filter((it) => typeof it === 'string') : [];
  } catch {
    return [];
  }
}
