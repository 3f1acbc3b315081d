/** Fingers, mouse and wheel on the drawing. */

/** What they do. Distances and places are in pixels of the element. */
interface PointerActions {
  move(dx: number, dy: number): void;
  zoomAt(factor: number, x: number, y: number): void;
  /** The pointer is over an element, or over none. */
  hover(target: Element | null): void;
  click(target: Element | null): void;
  /** The user has moved the drawing or changed its scale, other than by the wheel alone. */
  onMoved(): void;
}

/** A pointer that moves less than this has clicked. */
const clickDistance = 4;

export function listenToPointers(area: HTMLElement, actions: PointerActions): void {
  listenToDrags(area, actions);
  listenToWheel(area, actions);
}

/** One pointer moves the drawing, two change its scale. */
function listenToDrags(area: HTMLElement, actions: PointerActions): void {
  const pointers = new Map<number, { readonly x: number; readonly y: number }>();
  let moved = 0;
  area.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  area.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      actions.hover(event.target as Element | null);
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (moved > clickDistance && !area.hasPointerCapture(event.pointerId)) area.setPointerCapture(event.pointerId);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other) {
      const distance = (a: typeof now) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      const { left, top } = area.getBoundingClientRect();
      actions.onMoved();
      actions.zoomAt(distance(now) / distance(before), (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
      return;
    }
    area.classList.toggle('dragging', moved > clickDistance);
    if (moved > clickDistance) actions.onMoved();
    actions.move(now.x - before.x, now.y - before.y);
  });
  const release = (event: PointerEvent) => {
    pointers.delete(event.pointerId);
    area.classList.remove('dragging');
  };
  area.addEventListener('pointerup', release);
  area.addEventListener('pointercancel', release);
  area.addEventListener('pointerleave', () => actions.hover(null));
  area.addEventListener('click', (event) => {
    if (moved <= clickDistance) actions.click(event.target as Element | null);
  });
}

/** The wheel moves the drawing, sideways with Shift; with Control or Command it changes the scale. */
function listenToWheel(area: HTMLElement, actions: PointerActions): void {
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 20 : 1;
    if (event.ctrlKey || event.metaKey) {
      const { left, top } = area.getBoundingClientRect();
      actions.onMoved();
      actions.zoomAt(Math.exp((-event.deltaY * unit) / 300), event.clientX - left, event.clientY - top);
      return;
    }
    const isSideways = event.shiftKey && event.deltaX === 0;
    const [dx, dy] = isSideways ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    actions.move(-dx * unit, -dy * unit);
  };
  area.addEventListener('wheel', onWheel, { passive: false });
}
