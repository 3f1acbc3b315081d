/** When the steps of a recorded build ran: those above each other ran at the same time. */
import type { OpRecord } from '../../src/graph/graph-model.ts';
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

export function createTimeline(host: HTMLElement, state: State): void {
  const bars: { readonly step: number; readonly bar: HTMLElement }[] = [];

  function show() {
    const { platform } = state;
    const { record } = platform;
    bars.length = 0;
    host.hidden = record === undefined;
    if (!record) return;
    const total = Math.max(1, record.totalMs);
    const steps = platform.ops.flatMap(({ record: it, step, name }): Bar[] =>
      it && !it.cached
        ? [{ step, name: readStepName(name)?.text ?? name, start: it.startedMs, end: it.completedMs, record: it }]
        : [],
    );
    const others = record.others.map(
      (it): Bar => ({ step: undefined, name: it.name, start: it.startedMs, end: it.completedMs, record: undefined }),
    );
    const lanes: Bar[][] = [];
    for (const bar of [...steps, ...others].sort((a, b) => a.start - b.start)) {
      const end = (it: Bar) => Math.max(it.end, it.start + total * leastShare);
      const free = lanes.find((lane) => end(lane.at(-1)!) <= bar.start);
      if (free) free.push(bar);
      else lanes.push([bar]);
    }
    const track = element('div', { class: 'track' }, ...ticks(total), ...lanes.map((lane) => laneElement(lane, total)));
    const facts = [
      `${formatTime(record.totalMs)} in all`,
      `${formatTime(record.workMs)} of work`,
      `at most ${record.mostAtOnce} at once`,
    ];
    host.replaceChildren(
      element('h2', {}, 'Timeline', element('span', { class: 'muted' }, facts.join(' · ')), legend()),
      track,
    );
    mark();
  }

  function laneElement(lane: readonly Bar[], total: number): HTMLElement {
    const made = lane.map(({ step, name, start, end, record }) => {
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
      if (step === undefined) bar.disabled = true;
      else {
        bars.push({ step, bar });
        bar.addEventListener('click', () => state.select(step, 'timeline'));
        bar.addEventListener('pointerenter', () => state.hover([step]));
        bar.addEventListener('pointerleave', () => state.hover([]));
      }
      return bar;
    });
    return element('div', { class: 'lane' }, ...made);
  }

  function mark() {
    for (const { step, bar } of bars) {
      bar.classList.toggle('selected', step === state.selected);
      bar.classList.toggle('hovered', state.hovered.has(step));
    }
  }

  state.on('graph', show);
  state.on('selection', (from) => {
    mark();
    if (from !== 'timeline' && state.selected !== undefined)
      bars.find(({ step }) => step === state.selected)?.bar.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  state.on('hover', mark);
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
