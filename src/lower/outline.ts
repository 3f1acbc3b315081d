/** What a target can be given: build arguments, secrets and SSH agents (the subrequest `frontend.outline`). */
import type { LineRange } from '../parser/source.ts';
import type { StageState } from './stages.ts';

export interface Outline {
  readonly name: string;
  readonly description: string;
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineSecret[];
  readonly ssh: readonly OutlineSecret[];
}

export interface OutlineArg {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  readonly lines: LineRange | undefined;
}

/** A secret or an SSH agent. */
export interface OutlineSecret {
  readonly name: string;
  readonly required: boolean;
  readonly lines: LineRange | undefined;
}

/** A declared build argument. */
export interface ArgInfo {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  readonly lines: LineRange | undefined;
  /** Arguments that its default value uses. */
  readonly dependencies: ReadonlySet<string>;
}

export interface OutlineCapture {
  /** Declaration of a name: the stage's own, or the one before the first FROM. */
  argument(name: string): ArgInfo | undefined;
  declare(info: ArgInfo): void;
  readonly used: Set<string>;
  readonly secrets: Map<string, OutlineSecret>;
  readonly ssh: Map<string, OutlineSecret>;
  clone(): OutlineCapture;
}

/** Starts recording, with the arguments before the first FROM, which stages share. */
export function createOutlineCapture(
  globals: ReadonlyMap<string, ArgInfo>,
  from: Pick<OutlineCapture, 'used' | 'secrets' | 'ssh'> = { used: new Set(), secrets: new Map(), ssh: new Map() },
): OutlineCapture {
  const own = new Map<string, ArgInfo>();
  return {
    argument: (name) => own.get(name) ?? globals.get(name),
    declare: (info) => void own.set(info.name, info),
    used: new Set(from.used),
    secrets: new Map(from.secrets),
    ssh: new Map(from.ssh),
    // Stages are derived before any of them declares arguments of its own.
    clone() {
      return createOutlineCapture(globals, this);
    },
  };
}

/** The outline of a target that was lowered, by line. */
export function outlineOf(target: StageState): Outline {
  const args = new Map<string, OutlineArg>();
  const secrets = new Map<string, OutlineSecret>();
  const ssh = new Map<string, OutlineSecret>();
  for (const { outline } of stagesInside(target)) {
    for (const name of withDependencies(outline)) {
      const info = outline.argument(name);
      if (info && !args.has(name)) args.set(name, info);
    }
    for (const [id, secret] of outline.secrets) if (!secrets.has(id)) secrets.set(id, secret);
    for (const [id, agent] of outline.ssh) if (!ssh.has(id)) ssh.set(id, agent);
  }
  return {
    name: target.name,
    description: target.docComment,
    args: [...args.values()].sort(byLine),
    secrets: [...secrets.values()].sort(byLine),
    ssh: [...ssh.values()].sort(byLine),
  };
}

/** The stage, all it derives from and all it reads from, depth first: the first to declare a name wins. */
function stagesInside(target: StageState): Set<StageState> {
  const seen = new Set<StageState>();
  const waiting = [target];
  for (let stage = waiting.pop(); stage; stage = waiting.pop()) {
    if (seen.has(stage)) continue;
    seen.add(stage);
    for (const dependency of [...stage.dependencies.keys()].reverse()) waiting.push(dependency);
    if (stage.base) waiting.push(stage.base);
  }
  return seen;
}

function withDependencies(outline: OutlineCapture): Set<string> {
  const names = new Set(outline.used);
  for (const name of names) for (const dependency of outline.argument(name)?.dependencies ?? []) names.add(dependency);
  return names;
}

function byLine(a: { readonly lines: LineRange | undefined }, b: { readonly lines: LineRange | undefined }): number {
  return (a.lines?.start ?? 0) - (b.lines?.start ?? 0);
}
