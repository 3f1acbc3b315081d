/**
 * How long `tsfront graph` takes for a file of 5,000 lines, in each of its formats: one stage, and 250 stages. Each
 * case runs some times in one process, and its least CPU time and least time without the first are printed; what is
 * measured is all between the text of the Dockerfile and the text of the drawing. `bench/answers.ts` measures the
 * command.
 */
import { buildGraph, type GraphSource } from '../src/graph/build-graph.ts';
import { formatMermaid } from '../src/graph/mermaid.ts';
import { formatPage } from '../src/graph/page.ts';
import { formatSvg } from '../src/graph/svg.ts';
import { formatDot } from '../src/llb/dot.ts';
import { compileText, manyStages } from '../test/graph/compile-text.ts';
import { keepResults } from './results.ts';
import { printTable } from './shared/command-times.ts';

const formats: Readonly<Record<string, (source: GraphSource) => string>> = {
  dot: ({ definitions }) => [...definitions.values()].map((it) => formatDot(it)).join('\n'),
  mermaid: (source) => formatMermaid(buildGraph(source)),
  json: (source) => JSON.stringify(buildGraph(source), null, 2),
  svg: (source) => formatSvg(buildGraph(source)),
  html: (source) => formatPage(buildGraph(source)),
};
const variables = Array.from({ length: 2499 }, (_, i) => `ENV V${i}=value-${i}\nRUN step ${i}\n`).join('');
const files = {
  '1 stage': manyStages(1, 4999),
  '250 stages': manyStages(250, 19),
  'ENV and RUN': `FROM debian\n${variables}`,
};

const rows: (string | number)[][] = [];
const kept = new Map<string, number>();
for (const [name, text] of Object.entries(files))
  for (const [format, draw] of Object.entries(formats)) {
    const cpu: number[] = [];
    const wall: number[] = [];
    let size = 0;
    for (let run = 0; run < 4; run++) {
      const [start, started] = [process.cpuUsage(), performance.now()];
      size = draw(await compileText(text)).length;
      const { user, system } = process.cpuUsage(start);
      cpu.push((user + system) / 1e6);
      wall.push((performance.now() - started) / 1000);
    }
    kept.set(`${name}, ${format}`, Math.min(...cpu.slice(1)) * 1000);
    rows.push([name, format, Math.min(...cpu.slice(1)), Math.min(...wall.slice(1)), size / 1e6]);
  }
printTable(['file', 'format', 'CPU s', 'wall s', 'MB'], rows);
keepResults('graph', kept);
