/** The drawing: it can be moved, zoomed and walked through by keys. */
import { element, svgElement } from './dom.ts';
import { DrawnElements } from './drawn-elements.ts';
import { createMinimap } from './minimap.ts';
import { neighbour } from './neighbour.ts';
import { listenToPointers } from './pointer.ts';
import { resultStep, type State } from './state.ts';
import { Viewport } from './viewport.ts';

/** Pixels around the view in which elements are kept. */
const margin = 150;

export class Canvas {
  private readonly state: State;
  private readonly onScale: (scale: number) => void;
  private readonly list = element('div', {
    class: 'canvas',
    id: 'canvas',
    tabindex: 0,
    role: 'listbox',
    'aria-label': 'Steps of the build. Arrow keys move between steps.',
  });
  private readonly viewport: Viewport;
  private readonly elements: DrawnElements;
  private readonly minimap: ReturnType<typeof createMinimap>;
  private isWaiting = false;
  /** Whether the user has moved or zoomed: another graph of the same text stays where it is then. */
  private isMoved = false;

  /** @param onScale called with the scale whenever it changes */
  constructor(host: HTMLElement, state: State, onScale: (scale: number) => void) {
    this.state = state;
    this.onScale = onScale;
    this.elements = new DrawnElements(state);
    const { list } = this;
    this.viewport = new Viewport(
      () => ({ width: list.clientWidth, height: list.clientHeight }),
      () => this.apply(),
    );
    this.minimap = createMinimap(state, (x, y) => this.viewport.centerOn(x, y));
    const svg = svgElement('svg', { class: 'drawing' });
    svg.append(this.elements.world);
    list.append(svg);
    host.append(list, this.minimap.element);
    this.listenToUser();
    this.listenToState();
    this.listenToSize();
  }

  zoom(factor: number): void {
    this.isMoved = true;
    this.viewport.zoom(factor);
  }

  /** Shows everything. */
  fit(): void {
    this.isMoved = false;
    this.viewport.showAll(this.state.drawing.layout);
  }

  focus(): void {
    this.list.focus();
  }

  /** Follows a change of the viewport. */
  private apply(): void {
    const { viewport } = this;
    this.elements.world.setAttribute('transform', viewport.transform);
    this.onScale(viewport.scale);
    const { left, top, right, bottom } = viewport.area();
    this.minimap.update({ x: left, y: top, width: right - left, height: bottom - top });
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.draw();
    });
  }

  private draw(): void {
    this.elements.draw(this.viewport.area(margin));
    this.nameActive();
  }

  private mark(): void {
    this.elements.mark();
    this.nameActive();
  }

  /** Tells screen readers which step is selected. */
  private nameActive(): void {
    const { selected } = this.state;
    if (selected !== undefined && this.elements.hasStep(selected))
      this.list.setAttribute('aria-activedescendant', `step-${selected}`);
    else this.list.removeAttribute('aria-activedescendant');
  }

  /** At first everything, or if nobody could read it the end of the build. */
  private start(): void {
    const { layout } = this.state.drawing;
    const canReadAll = this.viewport.canReadAll(layout);
    this.minimap.redraw(!canReadAll);
    this.viewport.showAll(layout);
    const end = layout.boxes[layout.boxOf[resultStep(this.state) ?? 0]!];
    if (!canReadAll && end) this.viewport.showEnd(end);
  }

  /** Moves a step into view. */
  private reveal(step: number): void {
    const { boxes, boxOf, rowOf } = this.state.drawing.layout;
    const hasDetails = document.body.classList.contains('with-details') && this.list.clientWidth > 700;
    this.viewport.reveal(boxes[boxOf[step]!]!, rowOf[step]!, hasDetails ? 360 : 0);
    this.draw(); // who hears of the selection finds its element
  }

  private listenToUser(): void {
    const { state, viewport } = this;
    listenToPointers(this.list, {
      move: (dx, dy) => viewport.move(dx, dy),
      zoomAt: (factor, x, y) => viewport.zoomAt(factor, x, y),
      hover(target) {
        const step = stepAt(target);
        state.hover(step === undefined ? [] : [step]);
      },
      click: (target) => state.select(stepAt(target), 'canvas'),
      onMoved: () => {
        this.isMoved = true;
      },
    });
    this.list.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.handleKey(event.key, event.shiftKey)) event.preventDefault();
    });
  }

  /** Arrows go from step to step, or with Shift move the drawing. @returns whether it knows the key */
  private handleKey(key: string, withShift: boolean): boolean {
    const { state } = this;
    const by = pan[key];
    if (by && withShift) this.viewport.move(...by);
    else if (by) {
      const next = neighbour(state, key);
      if (next !== undefined) state.select(next, 'keys');
    } else if (key === 'Home' || key === 'End') {
      const { steps } = state.platform;
      if (steps.length > 0) state.select(key === 'Home' ? 0 : steps.length - 1, 'keys');
    } else return false;
    return true;
  }

  private listenToState(): void {
    const { state } = this;
    state.on('graph', () => {
      this.elements.clear();
      this.minimap.redraw(!this.viewport.canReadAll(state.drawing.layout));
      if (this.isMoved) this.apply();
      else this.start();
    });
    state.on('selection', (from) => {
      if (state.selected !== undefined && from !== 'canvas' && from !== 'graph') this.reveal(state.selected);
      else this.mark();
    });
    state.on('hover', () => this.mark());
    state.on('search', () => this.mark());
  }

  /** Begins when the page gives the canvas a size. */
  private listenToSize(): void {
    let width = 0;
    new ResizeObserver(() => {
      if (width === 0) this.start();
      else this.apply();
      width = this.list.clientWidth;
    }).observe(this.list);
  }
}

/** How far Shift and an arrow move the drawing, in pixels. */
const pan: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, 80],
  ArrowDown: [0, -80],
  ArrowLeft: [80, 0],
  ArrowRight: [-80, 0],
};

/** The step that an element belongs to. */
function stepAt(target: Element | null): number | undefined {
  const id = target?.closest<SVGElement>('[data-step]')?.dataset['step'];
  return id === undefined ? undefined : Number(id);
}
