/**
 * How long `tsfront graph` takes for a file of 5,000 lines, in each of its formats: one stage, and 250 stages. Each
 * case runs some times in one process, and its least CPU time without the first is printed; what is measured is all
 * between the text of the Dockerfile and the text of the drawing.
 */
import { buildGraph, type GraphSource } from '../src/graph/build-graph.ts';
import { formatMermaid } from '../src/graph/mermaid.ts';
import { formatPage } from '../src/graph/page.ts';
import { formatSvg } from '../src/graph/svg.ts';
import { formatDot } from '../src/llb/dot.ts';
import { compileText, manyStages } from '../test/graph/compile-text.ts';

const formats: Readonly<Record<string, (source: GraphSource) => string>> = {
  dot: ({ definitions }) => [...definitions.values()].map((it) => formatDot(it)).join('\n'),
  mermaid: (source) => formatMermaid(buildGraph(source)),
  json: (source) => JSON.stringify(buildGraph(source), null, 2),
  svg: (source) => formatSvg(buildGraph(source)),
  html: (source) => formatPage(buildGraph(source)),
};
const files = { '1 stage': manyStages(1, 4999), '250 stages': manyStages(250, 19) };

for (const [name, text] of Object.entries(files))
  for (const [format, draw] of Object.entries(formats)) {
    const times: number[] = [];
    let size = 0;
    for (let run = 0; run < 4; run++) {
      const start = process.cpuUsage();
      size = draw(await compileText(text)).length;
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / 1000);
    }
    const best = Math.round(Math.min(...times.slice(1)));
    console.log(`${name.padEnd(12)} ${format.padEnd(8)} ${String(best).padStart(5)} ms  ${(size / 1e6).toFixed(1)} MB`);
  }
