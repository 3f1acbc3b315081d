/** The elements of the drawing: only what is in view has some. */
import { drawBox, drawEdge, drawStep } from '../../src/graph/draw.ts';
import { type Box, type Edge, type Layout, rowMiddle, sizes } from '../../src/graph/layout.ts';
import { svgElement, toElement } from './dom.ts';
import { describeStep, type State } from './state.ts';
import type { Area } from './viewport.ts';

/** Beyond as many steps in view they are drawn as bars. */
const maxStepsInView = 1500;

type Kind = 'box' | 'bars' | 'step' | 'edge';

export class DrawnElements {
  readonly world = svgElement('g');
  private readonly state: State;
  private readonly layers: Readonly<Record<Kind, SVGElement>>;
  /** The elements by kind and number. */
  private readonly drawn = new Map<string, SVGElement>();
  /** Keys of what is in view; what is drawn and not among them is removed. */
  private wanted = new Set<string>();

  constructor(state: State) {
    this.state = state;
    const [edge, box, step] = [svgElement('g'), svgElement('g'), svgElement('g')];
    this.layers = { edge, box, step, bars: step };
    this.world.append(edge, box, step);
  }

  hasStep(step: number): boolean {
    return this.drawn.has(`step ${step}`);
  }

  clear(): void {
    for (const made of this.drawn.values()) made.remove();
    this.drawn.clear();
  }

  /** Makes the elements that have come into view, and removes those that have left it. */
  draw(area: Area): void {
    this.wanted = new Set();
    this.drawBoxes(area);
    this.drawEdges(area);
    for (const [key, made] of this.drawn)
      if (!this.wanted.has(key)) {
        made.remove();
        this.drawn.delete(key);
      }
    this.mark();
  }

  /** Shows what is selected, hovered and found. */
  mark(): void {
    const { selected, users, platform } = this.state;
    const near = new Set(selected === undefined ? [] : [...platform.steps[selected]!.inputs, ...users[selected]!]);
    for (const [key, made] of this.drawn) {
      const [kind, id] = key.split(' ') as [Kind, string];
      if (kind === 'step') this.markStep(made, Number(id), near);
      else if (kind === 'edge') this.markEdge(made, Number(id));
    }
  }

  private markStep(made: SVGElement, step: number, near: ReadonlySet<number>): void {
    const { selected, hovered, found } = this.state;
    made.classList.toggle('selected', step === selected);
    made.classList.toggle('near', near.has(step));
    made.classList.toggle('hovered', hovered.has(step));
    made.classList.toggle('found', found?.has(step) === true);
    made.classList.toggle('dim', found !== undefined && !found.has(step));
    made.setAttribute('aria-selected', String(step === selected));
  }

  private markEdge(made: SVGElement, index: number): void {
    const { selected, found, drawing } = this.state;
    const { from, to } = drawing.layout.edges[index]!;
    const touches = selected !== undefined && (from === selected || to === selected);
    if (touches && !made.classList.contains('near')) this.layers.edge.append(made); // above the others
    made.classList.toggle('near', touches);
    made.classList.toggle('dim', found !== undefined);
  }

  private drawBoxes(area: Area): void {
    const { drawing } = this.state;
    const visible = drawing.layout.boxes.flatMap((box, index) =>
      isInside(box, area) ? [{ box, index, rows: rowsInside(box, area) }] : [],
    );
    const count = visible.reduce((sum, { rows: [first, last] }) => sum + last - first + 1, 0);
    for (const { box, index, rows } of visible) {
      this.want('box', index, () => toElement(drawBox(drawing, index)));
      if (count > maxStepsInView) this.want('bars', index, () => bars(box));
      else
        for (const step of box.steps.slice(rows[0], rows[1] + 1))
          this.want('step', step, () => stepElement(this.state, step));
    }
  }

  private drawEdges(area: Area): void {
    const { drawing } = this.state;
    drawing.layout.edges.forEach((edge, index) => {
      if (!overlaps(edgeArea(edge, drawing.layout), area)) return;
      this.want('edge', index, () => {
        const shape = drawEdge(drawing, edge);
        return shape && toElement(shape);
      });
    });
  }

  private want(kind: Kind, index: number, make: () => SVGElement | undefined): void {
    const key = `${kind} ${index}`;
    this.wanted.add(key);
    if (this.drawn.has(key)) return;
    const made = make();
    if (!made) return;
    this.drawn.set(key, made);
    this.layers[kind].append(made);
  }
}

function stepElement(state: State, step: number): SVGElement {
  const made = toElement(drawStep(state.drawing, step));
  made.setAttribute('role', 'option');
  made.setAttribute('aria-label', describeStep(state, step));
  made.dataset['step'] = String(step);
  return made;
}

function bars(box: Box): SVGElement {
  const lines = box.steps.map((_, row) => `M${box.x + sizes.textLeft} ${rowMiddle(box, row)}h${box.width * 0.6}`);
  return svgElement('path', { class: 'bars', d: lines.join('') });
}

/** The smallest area with both boxes of an edge, and its line. */
function edgeArea({ from, to, points }: Edge, { boxes, boxOf }: Layout): Area {
  const [a, b] = [boxes[boxOf[from]!]!, boxes[boxOf[to]!]!];
  return {
    left: Math.min(a.x, b.x),
    top: Math.min(a.y, b.y, ...points.map(({ y }) => y)),
    right: Math.max(a.x + a.width, b.x + b.width),
    bottom: Math.max(a.y + a.height, b.y + b.height, ...points.map(({ y }) => y)),
  };
}

function overlaps(a: Area, b: Area): boolean {
  return a.right >= b.left && a.left <= b.right && a.bottom >= b.top && a.top <= b.bottom;
}

function isInside(box: Box, area: Area): boolean {
  return box.x < area.right && box.x + box.width > area.left && box.y < area.bottom && box.y + box.height > area.top;
}

/** The first and the last row of a box in an area. */
function rowsInside(box: Box, area: Area): readonly [number, number] {
  if (box.stage === undefined) return [0, 0];
  const top = box.y + sizes.head;
  const first = Math.floor((area.top - top) / sizes.row);
  const last = Math.floor((area.bottom - top) / sizes.row);
  return [Math.max(0, first), Math.min(box.steps.length - 1, last)];
}
