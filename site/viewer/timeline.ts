/** When the steps of a recorded build ran: those above each other ran at the same time. */
import type { OpRecord, PlatformGraph } from '../../src/graph/graph-model.ts';
import { formatTime } from '../../src/graph/step-facts.ts';
import { readStepName } from '../../src/graph/step-name.ts';
import { element } from './dom.ts';
import { describeStep, type State } from './state.ts';

interface Bar {
  readonly step: number | undefined;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly record: OpRecord | undefined;
}

/** Bars shorter than this part of the whole are drawn as wide as this. */
const leastShare = 0.003;

/** Shows when the steps of a recorded build ran. */
export function createTimeline(host: HTMLElement, state: State): void {
  let bars: readonly StepBar[] = [];
  const mark = () => {
    for (const { step, element } of bars) {
      element.classList.toggle('selected', step === state.selected);
      element.classList.toggle('hovered', state.hovered.has(step));
    }
  };
  state.on('graph', () => {
    bars = showTimeline(host, state);
    mark();
  });
  state.on('selection', (from) => {
    mark();
    if (from !== 'timeline' && state.selected !== undefined)
      bars.find(({ step }) => step === state.selected)?.element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  state.on('hover', mark);
}

/** The bar of a step. */
interface StepBar {
  readonly step: number;
  readonly element: HTMLElement;
}

/** Makes the elements. @returns the bars of steps */
function showTimeline(host: HTMLElement, state: State): readonly StepBar[] {
  const { platform } = state;
  const { record } = platform;
  host.hidden = record === undefined;
  if (!record) return [];
  const total = Math.max(1, record.totalMs);
  const stepBars: StepBar[] = [];
  const lanes = intoLanes(barsOf(platform, record), total).map((lane) =>
    element(
      'div',
      { class: 'lane' },
      ...lane.map((bar) => {
        const made = barElement(bar, total, state);
        if (bar.step !== undefined) stepBars.push({ step: bar.step, element: made });
        return made;
      }),
    ),
  );
  const facts = [
    `${formatTime(record.totalMs)} in all`,
    `${formatTime(record.workMs)} of work`,
    `at most ${record.mostAtOnce} at once`,
  ];
  host.replaceChildren(
    element('h2', {}, 'Timeline', element('span', { class: 'muted' }, facts.join(' · ')), legend()),
    element('div', { class: 'track' }, ...ticks(total), ...lanes),
  );
  return stepBars;
}

/** What ran: the ops that were not in the cache, and what belongs to no op. */
function barsOf({ ops }: PlatformGraph, { others }: NonNullable<PlatformGraph['record']>): Bar[] {
  const steps = ops.flatMap(({ record: it, step, name }): Bar[] =>
    it && !it.cached
      ? [{ step, name: readStepName(name)?.text ?? name, start: it.startedMs, end: it.completedMs, record: it }]
      : [],
  );
  const rest = others.map(
    (it): Bar => ({ step: undefined, name: it.name, start: it.startedMs, end: it.completedMs, record: undefined }),
  );
  return [...steps, ...rest];
}

/** Puts what ran at the same time into different lanes. */
function intoLanes(bars: readonly Bar[], total: number): readonly (readonly Bar[])[] {
  const lanes: Bar[][] = [];
  const end = (it: Bar) => Math.max(it.end, it.start + total * leastShare);
  for (const bar of bars.toSorted((a, b) => a.start - b.start)) {
    const free = lanes.find((lane) => end(lane.at(-1)!) <= bar.start);
    if (free) free.push(bar);
    else lanes.push([bar]);
  }
  return lanes;
}

function barElement({ step, name, start, end, record }: Bar, total: number, state: State): HTMLElement {
  const facts = step === undefined ? undefined : state.drawing.facts[step]!;
  const critical = record?.critical ? ' critical' : '';
  const failed = record?.error ? ' failed' : '';
  const bar = element(
    'button',
    {
      class: `bar${facts ? ` k-${facts.kind}` : ' other'}${critical}${failed}`,
      title: `${name} · ${formatTime(end - start)}`,
      tabindex: -1,
      'aria-label': step === undefined ? name : describeStep(state, step),
    },
    element('span', {}, name),
  );
  bar.style.left = `${(start / total) * 100}%`;
  bar.style.width = `${Math.max(leastShare, (end - start) / total) * 100}%`;
  if (step === undefined) {
    bar.disabled = true;
    return bar;
  }
  bar.addEventListener('click', () => state.select(step, 'timeline'));
  bar.addEventListener('pointerenter', () => state.hover([step]));
  bar.addEventListener('pointerleave', () => state.hover([]));
  return bar;
}

/** Some four marks at round times. */
function ticks(total: number): HTMLElement[] {
  const raw = total / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= raw)!;
  const marks: HTMLElement[] = [];
  for (let at = unit; at < total * 0.97; at += unit) {
    const tick = element('span', { class: 'tick', 'aria-hidden': 'true' }, formatTime(at));
    tick.style.left = `${(at / total) * 100}%`;
    marks.push(tick);
  }
  return marks;
}

function legend(): HTMLElement {
  return element('span', { class: 'legend' }, element('i', { class: 'swatch critical' }), 'critical path');
}
