/** The drawing: it can be moved, zoomed and walked through by keys, and only what is in view has elements. */
import { drawBox, drawEdge, drawStep } from '../../src/graph/draw.ts';
import { type Box, rowMiddle, sizes } from '../../src/graph/layout.ts';
import { element, svgElement, toElement } from './dom.ts';
import { createMinimap } from './minimap.ts';
import { describeStep, type State } from './state.ts';

const [minScale, maxScale] = [0.03, 3];
/** Below this scale nobody reads the text of steps. */
const readableScale = 0.5;
/** Beyond as many steps in view they are drawn as bars. */
const maxStepsInView = 1500;
const padding = 36;

export interface Canvas {
  zoom(factor: number): void;
  fit(): void;
  focus(): void;
}

interface View {
  x: number;
  y: number;
  scale: number;
}

/** @param onScale called with the scale whenever it changes */
export function createCanvas(host: HTMLElement, state: State, onScale: (scale: number) => void): Canvas {
  const svg = svgElement('svg', { class: 'drawing' });
  const world = svgElement('g');
  const [edgeLayer, boxLayer, stepLayer] = [svgElement('g'), svgElement('g'), svgElement('g')];
  world.append(edgeLayer, boxLayer, stepLayer);
  svg.append(world);
  const list = element('div', {
    class: 'canvas',
    id: 'canvas',
    tabindex: 0,
    role: 'listbox',
    'aria-label': 'Steps of the build. Arrow keys move between steps.',
  });
  list.append(svg);
  const minimap = createMinimap(state, (x, y) => centerOn(x, y));
  host.append(list, minimap.element);

  const view: View = { x: padding, y: padding, scale: 1 };
  const drawn = new Map<string, SVGElement>();
  let isWaiting = false;
  /** Whether the user has moved or zoomed: another graph of the same text stays where it is then. */
  let isMoved = false;

  const size = () => ({ width: list.clientWidth, height: list.clientHeight });
  const inView = () => {
    const { width, height } = size();
    const margin = 150 / view.scale;
    return {
      left: -view.x / view.scale - margin,
      top: -view.y / view.scale - margin,
      right: (width - view.x) / view.scale + margin,
      bottom: (height - view.y) / view.scale + margin,
    };
  };

  function apply() {
    world.setAttribute('transform', `translate(${view.x} ${view.y}) scale(${view.scale})`);
    onScale(view.scale);
    const { width, height } = size();
    minimap.update({
      x: -view.x / view.scale,
      y: -view.y / view.scale,
      width: width / view.scale,
      height: height / view.scale,
    });
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      draw();
    });
  }

  /** Makes the elements that have come into view, and removes those that have left it. */
  function draw() {
    const { drawing } = state;
    const { layout } = drawing;
    const area = inView();
    const wanted = new Set<string>();
    const want = (key: string, layer: SVGElement, make: () => SVGElement | undefined) => {
      wanted.add(key);
      if (drawn.has(key)) return;
      const made = make();
      if (!made) return;
      drawn.set(key, made);
      layer.append(made);
    };
    const visible = layout.boxes.flatMap((box, index) => (isInside(box, area) ? [{ box, index }] : []));
    const rows = visible.map(({ box }) => rowsInside(box, area));
    const count = rows.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    visible.forEach(({ box, index }, at) => {
      want(`box ${index}`, boxLayer, () => toElement(drawBox(drawing, index)));
      if (count > maxStepsInView) {
        want(`bars ${index}`, stepLayer, () => bars(box));
        return;
      }
      const [first, last] = rows[at]!;
      for (let row = first; row <= last; row++) {
        const step = box.steps[row]!;
        want(`step ${step}`, stepLayer, () => stepElement(step));
      }
    });
    layout.edges.forEach((edge, index) => {
      const [a, b] = [layout.boxes[layout.boxOf[edge.from]!]!, layout.boxes[layout.boxOf[edge.to]!]!];
      const around = {
        x: Math.min(a.x, b.x),
        y: Math.min(a.y, b.y, ...edge.points.map((it) => it.y)),
        right: Math.max(a.x + a.width, b.x + b.width),
        bottom: Math.max(a.y + a.height, b.y + b.height, ...edge.points.map((it) => it.y)),
      };
      const isOut =
        around.right < area.left || around.x > area.right || around.bottom < area.top || around.y > area.bottom;
      if (isOut) return;
      want(`edge ${index}`, edgeLayer, () => {
        const shape = drawEdge(drawing, edge);
        return shape && toElement(shape);
      });
    });
    for (const [key, made] of drawn)
      if (!wanted.has(key)) {
        made.remove();
        drawn.delete(key);
      }
    mark();
  }

  function stepElement(step: number): SVGElement {
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

  /** Shows what is selected, hovered and found. */
  function mark() {
    const { selected, hovered, found, users, platform } = state;
    const near = new Set(selected === undefined ? [] : [...platform.steps[selected]!.inputs, ...users[selected]!]);
    for (const [key, made] of drawn) {
      const [kind, id] = key.split(' ') as [string, string];
      const at = Number(id);
      if (kind === 'step') {
        made.classList.toggle('selected', at === selected);
        made.classList.toggle('near', near.has(at));
        made.classList.toggle('hovered', hovered.has(at));
        made.classList.toggle('found', found?.has(at) === true);
        made.classList.toggle('dim', found !== undefined && !found.has(at));
        made.setAttribute('aria-selected', String(at === selected));
      } else if (kind === 'edge') {
        const { from, to } = state.drawing.layout.edges[at]!;
        const touches = selected !== undefined && (from === selected || to === selected);
        if (touches && !made.classList.contains('near')) edgeLayer.append(made); // above the others
        made.classList.toggle('near', touches);
        made.classList.toggle('dim', found !== undefined);
      }
    }
    if (selected !== undefined && drawn.has(`step ${selected}`))
      list.setAttribute('aria-activedescendant', `step-${selected}`);
    else list.removeAttribute('aria-activedescendant');
  }

  function zoomAt(factor: number, x: number, y: number) {
    isMoved = true;
    const scale = Math.min(maxScale, Math.max(minScale, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    apply();
  }

  function centerOn(x: number, y: number) {
    const { width, height } = size();
    view.x = width / 2 - x * view.scale;
    view.y = height / 2 - y * view.scale;
    apply();
  }

  /** The scale at which everything is in view. */
  function fittingScale() {
    const { width, height } = size();
    const { layout } = state.drawing;
    return Math.min(1.15, (width - 2 * padding) / (layout.width || 1), (height - 2 * padding) / (layout.height || 1));
  }

  function showAll() {
    const { width, height } = size();
    const { layout } = state.drawing;
    view.scale = Math.max(minScale, fittingScale());
    view.x = Math.max(padding / 2, (width - layout.width * view.scale) / 2);
    view.y = Math.max(padding / 2, (height - layout.height * view.scale) / 2);
    apply();
  }

  /** At first everything, or if nobody could read it the end of the build. */
  function start() {
    minimap.redraw(fittingScale() < readableScale);
    showAll();
    if (view.scale >= readableScale) return;
    view.scale = 0.8;
    const { platform, drawing } = state;
    const { layout } = drawing;
    const result = platform.result === undefined ? undefined : platform.ops[platform.result]!.step;
    const box = layout.boxes[layout.boxOf[result ?? 0]!];
    if (!box) return;
    const { width, height } = size();
    view.x = Math.min(padding, width - padding - (box.x + box.width) * view.scale);
    view.y = Math.min(padding, height / 2 - (box.y + Math.min(box.height, height) / 2) * view.scale);
    apply();
  }

  function reveal(step: number) {
    const { layout } = state.drawing;
    const box = layout.boxes[layout.boxOf[step]!]!;
    const y = rowMiddle(box, layout.rowOf[step]!);
    if (view.scale < readableScale) view.scale = 0.9;
    const { width, height } = size();
    const room = document.body.classList.contains('with-details') && width > 700 ? 360 : 0;
    const [left, right] = [box.x * view.scale + view.x, (box.x + box.width) * view.scale + view.x];
    const middle = y * view.scale + view.y;
    if (left < 16 || right > width - room - 16) {
      view.x = (width - room) / 2 - (box.x + box.width / 2) * view.scale;
    }
    if (middle < 40 || middle > height - 40) view.y = height / 2 - y * view.scale;
    apply();
    draw(); // who hears of the selection finds its element
  }

  const stepAt = (target: EventTarget | null) => {
    const id = (target as Element | null)?.closest<SVGElement>('[data-step]')?.dataset['step'];
    return id === undefined ? undefined : Number(id);
  };

  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  list.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  list.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      const step = stepAt(event.target);
      state.hover(step === undefined ? [] : [step]);
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (moved > 4 && !list.hasPointerCapture(event.pointerId)) list.setPointerCapture(event.pointerId);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other) {
      const distance = (a: typeof now) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      const { left, top } = list.getBoundingClientRect();
      zoomAt(distance(now) / distance(before), (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
      return;
    }
    list.classList.toggle('dragging', moved > 4);
    isMoved ||= moved > 4;
    view.x += now.x - before.x;
    view.y += now.y - before.y;
    apply();
  });
  const release = (event: PointerEvent) => {
    pointers.delete(event.pointerId);
    list.classList.remove('dragging');
  };
  list.addEventListener('pointerup', release);
  list.addEventListener('pointercancel', release);
  list.addEventListener('pointerleave', () => state.hover([]));
  list.addEventListener('click', (event) => {
    if (moved <= 4) state.select(stepAt(event.target), 'canvas');
  });
  list.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 20 : 1;
      const { left, top } = list.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        zoomAt(Math.exp((-event.deltaY * unit) / 300), event.clientX - left, event.clientY - top);
        return;
      }
      view.x -= (event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX) * unit;
      view.y -= (event.shiftKey && event.deltaX === 0 ? 0 : event.deltaY) * unit;
      apply();
    },
    { passive: false },
  );

  /** The step that an arrow leads to. */
  function neighbour(key: string): number | undefined {
    const { selected, platform, users, drawing } = state;
    const { layout } = drawing;
    if (selected === undefined) {
      const result = platform.result === undefined ? undefined : platform.ops[platform.result]!.step;
      return result ?? (platform.steps.length > 0 ? 0 : undefined);
    }
    const box = layout.boxes[layout.boxOf[selected]!]!;
    const row = layout.rowOf[selected]!;
    const nearest = (steps: readonly number[]) => {
      const others = steps.filter((step) => layout.boxOf[step] !== layout.boxOf[selected]);
      return others.length > 0 ? others[0] : undefined;
    };
    switch (key) {
      case 'ArrowUp':
        return row > 0 ? box.steps[row - 1] : vertical(-1);
      case 'ArrowDown':
        return row < box.steps.length - 1 ? box.steps[row + 1] : vertical(1);
      case 'ArrowLeft':
        return nearest(platform.steps[selected]!.inputs) ?? sideways(box, -1);
      default:
        return nearest(users[selected]!) ?? sideways(box, 1);
    }
  }

  /** From a step without a line to that side: the first or last step of its stage that has one. */
  function sideways(box: Box, direction: number): number | undefined {
    const leads = (step: number) => {
      const others = direction < 0 ? state.platform.steps[step]!.inputs : state.users[step]!;
      return others.some((other) => state.drawing.layout.boxOf[other] !== state.drawing.layout.boxOf[step]);
    };
    return direction < 0 ? box.steps.find(leads) : box.steps.findLast(leads);
  }

  /** The step above or below in another box of the same column. */
  function vertical(direction: number): number | undefined {
    const { layout } = state.drawing;
    const here = layout.boxes[layout.boxOf[state.selected!]!]!;
    const others = layout.boxes.filter(
      (box) =>
        box !== here && box.x < here.x + here.width && box.x + box.width > here.x && (box.y - here.y) * direction > 0,
    );
    others.sort((a, b) => (a.y - b.y) * direction);
    return direction > 0 ? others[0]?.steps[0] : others[0]?.steps.at(-1);
  }

  list.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pan: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [0, 80],
      ArrowDown: [0, -80],
      ArrowLeft: [80, 0],
      ArrowRight: [-80, 0],
    };
    const by = pan[event.key];
    if (by && event.shiftKey) {
      view.x += by[0];
      view.y += by[1];
      apply();
    } else if (by) {
      const next = neighbour(event.key);
      if (next !== undefined) state.select(next, 'keys');
    } else if (event.key === 'Home' || event.key === 'End') {
      const { steps } = state.platform;
      if (steps.length > 0) state.select(event.key === 'Home' ? 0 : steps.length - 1, 'keys');
    } else return;
    event.preventDefault();
  });

  state.on('graph', () => {
    for (const made of drawn.values()) made.remove();
    drawn.clear();
    minimap.redraw(fittingScale() < readableScale);
    if (isMoved) apply();
    else start();
  });
  state.on('selection', (from) => {
    if (state.selected !== undefined && from !== 'canvas' && from !== 'graph') reveal(state.selected);
    else mark();
  });
  state.on('hover', mark);
  state.on('search', mark);
  let known = '';
  new ResizeObserver(() => {
    const { width, height } = size();
    if (known === '' || known.startsWith('0 ')) start();
    else apply();
    known = `${width} ${height}`;
  }).observe(list);

  return {
    zoom(factor) {
      const { width, height } = size();
      zoomAt(factor, width / 2, height / 2);
    },
    fit() {
      isMoved = false;
      showAll();
    },
    focus: () => list.focus(),
  };
}

function isInside(box: Box, area: { left: number; top: number; right: number; bottom: number }): boolean {
  return box.x < area.right && box.x + box.width > area.left && box.y < area.bottom && box.y + box.height > area.top;
}

/** The first and the last row of a box in an area. */
function rowsInside(box: Box, area: { top: number; bottom: number }): readonly [number, number] {
  if (box.stage === undefined) return [0, 0];
  const top = box.y + sizes.head;
  const first = Math.floor((area.top - top) / sizes.row);
  const last = Math.floor((area.bottom - top) / sizes.row);
  return [Math.max(0, first), Math.min(box.steps.length - 1, last)];
}
