/** Writes a graph as a page: one file with its style, its script and the graph, which loads nothing from anywhere. */
import { readFileSync } from 'node:fs';
import { checkArgument } from '../text/arguments.ts';
import { aGraph, type BuildGraph } from './graph-model.ts';
import { mainFile } from './main-file.ts';
import { escapeMarkup } from './shapes.ts';

/** The page without a graph, as scripts/pages.mjs makes it. */
function template(): string {
  const here = import.meta.url;
  return readFileSync(new URL(here.endsWith('.ts') ? '../../dist/graph.html' : './graph.html', here), 'utf8');
}

/**
 * Returns the graph as a page for browsers: the drawing, the source beside it, the ops with their cache keys, a
 * timeline if there is a record. It works as a file and makes no request; its policy forbids all scripts but its own.
 *
 * @example
 * await writeFile('build.html', formatPage(buildGraph(await compile(options))));
 */
export function formatPage(graph: BuildGraph): string {
  checkArgument('formatPage', 'graph', graph, aGraph);
  const [first] = graph.platforms;
  const heading = escapeMarkup(graph.files[first ? mainFile(first) : 0]?.name ?? 'Build graph');
  // `<` cannot end the element that has the data, nor begin a comment in it.
  const data = JSON.stringify(graph).replaceAll('<', '\\u003c');
  const parts: Readonly<Record<string, string>> = {
    title: `${heading} · build graph`,
    heading,
    data: `<script type="application/json" id="graph">${data}</script>`,
  };
  return template().replace(/%(title|heading|data)%/g, (whole, name: string) => parts[name] ?? whole);
}
