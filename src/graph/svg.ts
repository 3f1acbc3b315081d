/** Draws a graph as an SVG image. */
import { checkArgument } from '../text/arguments.ts';
import { createDrawing, darkColors, drawBox, drawEdge, drawingStyle, drawStep, fonts, lightColors } from './draw.ts';
import { aGraph, type BuildGraph } from './graph-model.ts';
import { layoutGraph } from './layout.ts';
import { escapeMarkup, shapeToText } from './shapes.ts';

const margin = 24;
/** Room above each platform for its name, if there are several. */
const titleHeight = 34;

/**
 * Returns the graph as an SVG image, light or dark as the reader has chosen. Several platforms are below each other. It
 * has no scripts and loads nothing.
 *
 * @example
 * await writeFile('build.svg', formatSvg(buildGraph(await compile(options))));
 */
export function formatSvg(graph: BuildGraph): string {
  checkArgument('formatSvg', 'graph', graph, aGraph);
  const parts: string[] = [];
  let [width, height] = [0, margin];
  for (const platform of graph.platforms) {
    const layout = layoutGraph(platform);
    const drawing = createDrawing(platform, layout);
    if (graph.platforms.length > 1) {
      parts.push(`<text class="title" x="${margin}" y="${height + 16}">${escapeMarkup(platform.platform)}</text>`);
      height += titleHeight;
    }
    const shapes = [
      ...layout.edges.map((edge) => drawEdge(drawing, edge)),
      ...layout.boxes.map((_, box) => drawBox(drawing, box)),
      ...platform.steps.map((_, step) => drawStep(drawing, step)),
    ];
    const drawn = shapes.map((it) => (it ? shapeToText(it).replaceAll(/ id="[\w-]+"/g, '') : '')).filter(Boolean);
    parts.push(`<g transform="translate(${margin} ${height})">\n${drawn.join('\n')}\n</g>`);
    width = Math.max(width, layout.width);
    height += layout.height + margin;
  }
  const [w, h] = [Math.ceil(width + 2 * margin), Math.ceil(height)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-label="Build graph">
<style>svg{${lightColors};${fonts};background:var(--canvas)}@media(prefers-color-scheme:dark){svg{${darkColors}}}${drawingStyle}</style>
${parts.join('\n')}
</svg>
`;
}
