/**
 * Build arguments that no ARG takes: most of them are misspelled. The reference does not warn about them, so a frontend
 * does not either; the command that runs the frontend asks here.
 */
import { hasErrors } from '../diagnostic/diagnostic.ts';
import type { Bridge } from '../gateway/bridge.ts';
import type { OtherFrontends } from '../gateway/forward.ts';
import { type FrontendResult, runFrontend } from '../gateway/run-frontend.ts';
import type { ResolvedImage } from '../lower/environment.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { parseTrigger } from '../parser/parse.ts';
import { suggest } from '../text/suggest.ts';

/** A build argument that no ARG takes. */
interface UnusedArg {
  readonly name: string;
  /** The ARG whose name is nearly the same; undefined if there is no such ARG. */
  readonly similar: string | undefined;
}

/** Watches the runs of a frontend, over several Dockerfiles, contexts or daemons if there are several. */
export interface ArgWatch {
  /** Runs the Dockerfile frontend. */
  run(bridge: Bridge, others: OtherFrontends): Promise<FrontendResult>;
  /**
   * The build arguments that no run has taken. If not all ARGs are known, because the Dockerfile has errors or a base
   * image was not found, only the arguments whose name is similar to that of an ARG.
   */
  unused(): UnusedArg[];
}

/** Arguments that the frontend, RUN or the daemon takes without an ARG. */
const predefined =
  /^(BUILDKIT_.*|TSFRONT_.*|SOURCE_DATE_EPOCH|(HTTP|HTTPS|FTP|NO|ALL)_PROXY|(http|https|ftp|no|all)_proxy|BUILD(PLATFORM|OS|OSVERSION|ARCH|VARIANT)|TARGET(PLATFORM|OS|OSVERSION|ARCH|VARIANT|STAGE))$/s;

const prefix = 'build-arg:';

/** Starts with no arguments; `run` adds those of a run. */
export function watchArgs(): ArgWatch {
  const watch = new Watch();
  return { run: (bridge, others) => watch.run(bridge, others), unused: () => watch.unused() };
}

class Watch implements ArgWatch {
  /** Names of the build arguments of all runs. */
  private readonly given = new Set<string>();
  /** Names in ARG instructions, also in those of triggers. */
  private readonly declared = new Set<string>();
  /** Whether our frontend has read a Dockerfile. */
  private hasRead = false;
  /** Whether another frontend, whose ARGs are unknown, has run. */
  private otherFrontendRan = false;
  /** Whether `declared` has every ARG. */
  private isComplete = true;

  async run(bridge: Bridge, others: OtherFrontends): Promise<FrontendResult> {
    for (const name of Object.keys(bridge.options.opts))
      if (name.startsWith(prefix)) this.given.add(name.slice(prefix.length));
    let isOurs = false;
    const onDockerfile = (dockerfile: Dockerfile) => {
      isOurs = this.hasRead = true;
      this.addDeclared(dockerfile.instructions);
      if (hasErrors(dockerfile.diagnostics)) this.isComplete = false;
    };
    try {
      return await runFrontend(this.watchImages(bridge), { otherFrontends: others, onDockerfile });
    } finally {
      if (!isOurs) this.otherFrontendRan = true;
    }
  }

  unused(): UnusedArg[] {
    if (!this.hasRead || this.otherFrontendRan) return [];
    const names = [...this.given].filter((name) => !this.declared.has(name) && !predefined.test(name));
    const unused = names.map((name) => ({ name, similar: nearest(name, this.declared) }));
    return this.isComplete ? unused : unused.filter(({ similar }) => similar !== undefined);
  }

  /** A bridge whose images are read for the ARGs in their triggers. */
  private watchImages(bridge: Bridge): Bridge {
    return {
      ...bridge,
      resolveImageConfig: async (ref, request) => {
        const image = bridge.resolveImageConfig(ref, request);
        await this.look(image);
        return image;
      },
      resolveSourceMetadata: async (source, request) => {
        const metadata = bridge.resolveSourceMetadata(source, request);
        await this.look(metadata.then(({ image }) => image));
        return metadata;
      },
    };
  }

  private async look(image: Promise<Pick<ResolvedImage, 'config' | 'unknown'> | undefined>): Promise<void> {
    try {
      const found = await image;
      if (found?.unknown) this.isComplete = false;
      else if (found) this.addTriggers(triggersOf(found.config));
    } catch {
      this.isComplete = false;
    }
  }

  private addDeclared(instructions: readonly Instruction[]): void {
    for (const instruction of instructions) {
      if (instruction.kind === 'arg') for (const { key } of instruction.args) this.declared.add(key);
      if (instruction.kind === 'onbuild') this.addTriggers([instruction.expression]);
    }
  }

  private addTriggers(expressions: readonly string[]): void {
    for (const expression of expressions.filter((it) => /^\s*arg\s/i.test(it))) {
      try {
        this.addDeclared([parseTrigger(expression, { start: 0, end: 0 })]);
      } catch {
        this.isComplete = false; // the frontend reports the error if it runs the trigger
      }
    }
  }
}

/** The ARG whose name differs only in its capitals and a few letters. */
function nearest(name: string, declared: ReadonlySet<string>): string | undefined {
  const byLower = new Map([...declared].map((it) => [it.toLowerCase(), it]));
  const lower = name.toLowerCase();
  return byLower.get(lower) ?? byLower.get(suggest(lower, byLower.keys(), true) ?? '');
}

/** The triggers of an image; empty if its config is not valid, which the frontend reports. */
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
