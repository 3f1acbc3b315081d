/** Joins the parts of the viewer: drawing, source, details, timeline, search, theme, and the keys of the whole page. */
import { Canvas } from './canvas.ts';
import { createDetails } from './details.ts';
import { byId, element } from './dom.ts';
import { createSearch } from './search.ts';
import { describeStep, State } from './state.ts';
import { createTheme } from './theme.ts';
import { createTimeline } from './timeline.ts';

/** Makes the viewer in the elements of the page. What shows the source is made by the page. */
export function createViewer(): State {
  const state = new State();
  createDetails(byId('details'), state); // before the drawing, which leaves room for them
  const canvas = new Canvas(byId('stage'), state, (scale) => {
    byId('scale').textContent = `${Math.round(scale * 100)} %`;
  });
  createTimeline(byId('timeline'), state);
  const search = byId<HTMLInputElement>('search');
  createSearch(search, byId('found'), state);
  createTheme(byId<HTMLButtonElement>('theme'));
  createPlatforms(byId<HTMLSelectElement>('platform'), state);
  const help = createHelp();
  createTabs();
  createSplitter(byId('splitter'));
  byId('zoom-in').addEventListener('click', () => canvas.zoom(zoomStep));
  byId('zoom-out').addEventListener('click', () => canvas.zoom(1 / zoomStep));
  byId('fit').addEventListener('click', () => canvas.fit());
  state.on('graph', () => {
    byId('summary').textContent = summary(state);
    byId('empty').hidden = state.platform.steps.length > 0;
  });
  state.on('selection', () => {
    byId('said').textContent = state.selected === undefined ? '' : describeStep(state, state.selected);
  });
  listenToKeys({ state, canvas, search, help });
  return state;
}

const zoomStep = 1.25;

/** The list of platforms. */
function createPlatforms(platforms: HTMLSelectElement, state: State): void {
  platforms.addEventListener('change', () => state.show(state.graph, Number(platforms.value)));
  state.on('graph', () => {
    const { graph, platform } = state;
    platforms.replaceChildren(
      ...graph.platforms.map(({ platform: name }, at) => element('option', { value: at }, name || 'platform')),
    );
    platforms.value = String(graph.platforms.indexOf(platform));
    platforms.classList.toggle('single', graph.platforms.length < 2);
  });
}

function createHelp(): HTMLDialogElement {
  const help = byId<HTMLDialogElement>('help');
  byId('show-help').addEventListener('click', () => help.showModal());
  byId('close-help').addEventListener('click', () => help.close());
  return help;
}

/** The tabs of narrow windows, which show one part at a time. */
function createTabs(): void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>('[data-tab]')];
  for (const tab of tabs)
    tab.addEventListener('click', () => {
      document.body.dataset['shows'] = tab.dataset['tab'];
      for (const other of tabs) other.setAttribute('aria-pressed', String(other === tab));
    });
}

/** What the keys of the whole page act on. */
interface KeyTargets {
  readonly state: State;
  readonly canvas: Canvas;
  readonly search: HTMLInputElement;
  readonly help: HTMLDialogElement;
}

function listenToKeys({ state, canvas, search, help }: KeyTargets): void {
  const actions: Readonly<Record<string, () => void>> = {
    '/': () => {
      search.focus();
      search.select();
    },
    '+': () => canvas.zoom(zoomStep),
    '=': () => canvas.zoom(zoomStep),
    '-': () => canvas.zoom(1 / zoomStep),
    '0': () => canvas.fit(),
    '?': () => help.showModal(),
    t: () => byId('theme').click(),
  };
  const leave = (target: HTMLElement) => {
    if (target === search) {
      search.value = '';
      search.dispatchEvent(new Event('input'));
      canvas.focus();
    } else if (!isTyping(target)) state.select(undefined);
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const target = event.target as HTMLElement;
    if (event.key === 'Escape') return leave(target);
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (isTyping(target) || !action) return;
    event.preventDefault();
    action();
  });
}

const isTyping = (target: HTMLElement) =>
  target.matches('input, textarea, select') || target.isContentEditable || target.closest('.cm-editor') !== null;

function summary({ graph, platform }: State): string {
  const { stages, steps, ops, record } = platform;
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  const built = record ? [`${record.ran} ran`, `${record.cached} cached`] : [];
  return [
    graph.platforms.length < 2 && platform.platform,
    many(stages.length, 'stage'),
    many(steps.length, 'step'),
    ops.length !== steps.length && many(ops.length, 'op'),
    ...built,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The line between source and drawing, which can be moved by mouse and by keys. */
function createSplitter(splitter: HTMLElement): void {
  const main = byId('main');
  const set = (share: number) => {
    const percent = Math.round(Math.min(70, Math.max(15, share)));
    main.style.setProperty('--source-width', `${percent}%`);
    splitter.setAttribute('aria-valuenow', String(percent));
  };
  splitter.addEventListener('pointerdown', (event) => splitter.setPointerCapture(event.pointerId));
  splitter.addEventListener('pointermove', (event) => {
    if (splitter.hasPointerCapture(event.pointerId)) set((event.clientX / main.clientWidth) * 100);
  });
  splitter.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -3, ArrowRight: 3 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(Number(splitter.getAttribute('aria-valuenow')) + by);
  });
}
