/** A small map of the whole drawing, for graphs that are larger than the window. */
import { svgElement } from './dom.ts';
import type { State } from './state.ts';

const [maxWidth, maxHeight] = [190, 120];

/** @param goTo called with the place in the drawing that was clicked */
export function createMinimap(state: State, goTo: (x: number, y: number) => void) {
  const map = svgElement('svg', { class: 'minimap', 'aria-hidden': 'true' });
  const frame = svgElement('rect', { class: 'window', rx: 1 });
  let scale = 1;

  const move = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const { left, top } = map.getBoundingClientRect();
    goTo((event.clientX - left) / scale, (event.clientY - top) / scale);
  };
  map.addEventListener('pointerdown', (event) => {
    map.setPointerCapture(event.pointerId);
    move(event);
  });
  map.addEventListener('pointermove', move);

  return {
    element: map,
    /** Draws the boxes of another graph. */
    redraw(isNeeded: boolean) {
      const { layout, graph } = state.drawing;
      map.toggleAttribute('hidden', !isNeeded);
      map.classList.toggle('hidden', !isNeeded);
      scale = Math.min(maxWidth / (layout.width || 1), maxHeight / (layout.height || 1));
      map.setAttribute('width', String(Math.max(1, layout.width * scale)));
      map.setAttribute('height', String(Math.max(1, layout.height * scale)));
      const boxes = layout.boxes.map(({ x, y, width, height, stage }) => {
        const isTarget = stage !== undefined && graph.stages[stage]!.target;
        return svgElement('rect', {
          class: isTarget ? 'box target' : 'box',
          x: x * scale,
          y: y * scale,
          width: Math.max(1, width * scale),
          height: Math.max(1, height * scale),
        });
      });
      map.replaceChildren(...boxes, frame);
    },
    /** Shows which part of the drawing is in view. */
    update({ x, y, width, height }: { x: number; y: number; width: number; height: number }) {
      const place = { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
      for (const [name, value] of Object.entries(place)) frame.setAttribute(name, String(value));
    },
  };
}
