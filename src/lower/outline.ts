/** The build arguments, secrets and SSH agents that a target takes (the subrequest `frontend.outline`). */
import type { LineRange } from '../diagnostic/source-file.ts';
import type { DependencyGraph } from './dependencies.ts';
import type { OutlineCapture, OutlineSecret } from './outline-capture.ts';
import type { StageStates } from './stage-state.ts';
import type { BuildStage } from './stages.ts';

/** The outline of a target. */
export interface Outline {
  /** The name of the target; '' if it has none. */
  readonly name: string;
  /** From the comment above its FROM; '' if absent. */
  readonly description: string;
  /** The build arguments, in the order of their lines. */
  readonly args: readonly OutlineArg[];
  /** The secrets, in the order of their lines. */
  readonly secrets: readonly OutlineSecret[];
  /** The SSH agents, in the order of their lines. */
  readonly ssh: readonly OutlineSecret[];
}

interface OutlineArg {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  readonly lines: LineRange | undefined;
}

/** The outline of a lowered target, ordered by line. */
export function outlineOf(target: BuildStage, graph: DependencyGraph, states: StageStates): Outline {
  const args = new Map<string, OutlineArg>();
  const secrets = new Map<string, OutlineSecret>();
  const ssh = new Map<string, OutlineSecret>();
  for (const stage of stagesInside(target, graph)) {
    const { outline } = states.get(stage)!;
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

/** The stage and all stages it derives or reads from, depth first: the first one to declare a name wins. */
function stagesInside(target: BuildStage, graph: DependencyGraph): Set<BuildStage> {
  const seen = new Set<BuildStage>();
  const waiting = [target];
  for (let stage = waiting.pop(); stage; stage = waiting.pop()) {
    if (seen.has(stage)) continue;
    seen.add(stage);
    for (const dependency of [...graph.get(stage)!.dependencies.keys()].reverse()) waiting.push(dependency);
    if (stage.parent) waiting.push(stage.parent);
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
