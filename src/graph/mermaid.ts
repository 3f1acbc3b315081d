/** Draws a graph as Mermaid, which GitHub, GitLab and many editors show in Markdown. */
import { checkArgument } from '../text/arguments.ts';
import { aGraph, type BuildGraph, type PlatformGraph } from './graph-model.ts';
import { shortText } from './short-text.ts';

/** Characters of a step's text that are shown. */
const maxColumns = 80;

/**
 * Returns the graph in Mermaid's language: a subgraph for each stage, a node for each step, an edge from a step to the
 * one that uses it. Several platforms are a subgraph each.
 *
 * @example
 * await writeFile('build.mmd', formatMermaid(buildGraph(await compile(options))));
 */
export function formatMermaid(graph: BuildGraph): string {
  checkArgument('formatMermaid', 'graph', graph, aGraph);
  const lines = ['flowchart LR'];
  graph.platforms.forEach((platform, index) => {
    const several = graph.platforms.length > 1;
    const prefix = several ? `p${index}_` : '';
    if (several) lines.push(`  subgraph p${index}["${entities(platform.platform)}"]`);
    lines.push(...drawPlatform(platform, prefix).map((line) => (several ? `  ${line}` : line)));
    if (several) lines.push('  end');
  });
  return `${lines.join('\n')}\n`;
}

function drawPlatform({ stages, steps, ops, result }: PlatformGraph, prefix: string): string[] {
  const node = (step: number, indent: string) => {
    const { stage, text } = steps[step]!;
    const [open, close] = stage === undefined ? ['(["', '"])'] : ['["', '"]'];
    return `${indent}${prefix}s${step}${open}${entities(shortText(text, maxColumns))}${close}`;
  };
  const lines = steps.flatMap(({ stage }, step) => (stage === undefined ? node(step, '  ') : []));
  stages.forEach((stage, index) => {
    lines.push(`  subgraph ${prefix}g${index}["${entities(stageTitle(stage.name, stage.platform))}"]`);
    lines.push('    direction TB', ...stage.steps.map((step) => node(step, '    ')), '  end');
  });
  steps.forEach(({ inputs }, step) => {
    for (const input of inputs) lines.push(`  ${prefix}s${input} --> ${prefix}s${step}`);
  });
  if (result !== undefined) lines.push(`  style ${prefix}s${ops[result]!.step} stroke-width:3px`);
  return lines;
}

function stageTitle(name: string, platform: string): string {
  return [name || 'stage', platform].filter(Boolean).join(' · ');
}

/** Everything that means something to Mermaid or to HTML, as one of Mermaid's entities. */
function entities(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:/=@+_-]/gu, (char) => `#${char.codePointAt(0)};`);
}
