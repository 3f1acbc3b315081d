/** Everything about the selected step: its ops with their cache keys, what it needs, and what a recorded build did. */
import type { GraphOp } from '../../src/graph/graph-model.ts';
import { familiarText } from '../../src/graph/short-text.ts';
import { formatTime, type StepFacts } from '../../src/graph/step-facts.ts';
import { formatBytes } from '../../src/text/number.ts';
import { element } from './dom.ts';
import type { State } from './state.ts';

const changes = { same: 'Unchanged', cause: 'Changed', follows: 'Follows a change' };

/** Shows the details of the selected step in an element. */
export function createDetails(host: HTMLElement, state: State): void {
  state.on('selection', () => {
    const { selected } = state;
    document.body.classList.toggle('with-details', selected !== undefined);
    host.hidden = selected === undefined;
    if (selected !== undefined) host.replaceChildren(...detailsOf(selected, state));
  });
}

function detailsOf(step: number, state: State): HTMLElement[] {
  const { platform, users, drawing } = state;
  const { text, ops, inputs } = platform.steps[step]!;
  const { kind, record, explanation } = drawing.facts[step]!;
  return [
    closeButton(state),
    element('h2', { class: `k-${kind}` }, familiarText(text)),
    element('p', { class: 'chips' }, ...placesOf(step, state).map((it) => element('span', { class: 'chip' }, it))),
    ...(explanation ? [explanationLine(explanation)] : []),
    ...(record ? [recordList(record)] : []),
    ...ops.map((op) => opSection(platform.ops[op]!)),
    ...stepList('Needs', inputs, state),
    ...stepList('Used by', users[step]!, state),
  ];
}

function closeButton(state: State): HTMLElement {
  const close = element(
    'button',
    { class: 'icon close', 'aria-label': 'Close the details', title: 'Close (Esc)' },
    '×',
  );
  close.addEventListener('click', () => state.select(undefined));
  return close;
}

/** Where a step stands: its stage, its lines, its platforms. */
function placesOf(step: number, { platform, drawing }: State): string[] {
  const { stage, place, ops } = platform.steps[step]!;
  const { lines } = drawing.facts[step]!;
  return [
    ...(stage === undefined ? [] : [`${platform.stages[stage]!.name || 'stage'} ${place}`]),
    ...lines.map(({ start, end }) => (end > start ? `lines ${start}–${end}` : `line ${start}`)),
    [...new Set(ops.flatMap((op) => platform.ops[op]!.platform ?? []))].join(', '),
  ].filter((it) => it !== '');
}

function explanationLine({ change, text }: NonNullable<StepFacts['explanation']>): HTMLElement {
  return element('p', { class: `explanation x-${change}` }, element('b', {}, changes[change]), text && ` · ${text}`);
}

function recordList(record: NonNullable<GraphOp['record']>): HTMLElement {
  const facts: [string, string][] = record.cached
    ? [['Result', 'from the cache']]
    : [
        ['Ran for', formatTime(record.ranMs)],
        ['Began', `${formatTime(record.startedMs)} after the start`],
      ];
  if (record.bytes > 0) facts.push(['Transferred', formatBytes(record.bytes)]);
  if (record.critical) facts.push(['Critical path', 'the end of the build waited for it']);
  if (record.error) facts.push(['Failed', record.error]);
  return definitionList(facts, record.error ? 'record failed' : 'record');
}

function definitionList(facts: readonly (readonly [string, string])[], name: string): HTMLElement {
  return element(
    'dl',
    { class: name },
    ...facts.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]),
  );
}

function opSection({ kind, summary, details, digest }: GraphOp): HTMLElement {
  const copy = element(
    'button',
    { class: 'copy', title: 'Copy the digest', 'aria-label': `Copy the digest ${digest}` },
    'Copy',
  );
  copy.addEventListener('click', () => {
    void navigator.clipboard?.writeText(digest).then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'Not allowed'),
    );
  });
  return element(
    'section',
    { class: 'op' },
    element('h3', {}, element('span', { class: 'op-kind' }, kind), familiarText(summary)),
    details.length > 0 && element('ul', { class: 'op-details' }, ...details.map((it) => element('li', {}, it))),
    element('p', { class: 'digest' }, element('code', { title: digest }, digest), copy),
  );
}

function stepList(title: string, steps: readonly number[], state: State): HTMLElement[] {
  if (steps.length === 0) return [];
  const { platform } = state;
  const items = steps.map((step) => {
    const { stage, text } = platform.steps[step]!;
    const name = stage === undefined ? '' : platform.stages[stage]!.name;
    const button = element(
      'button',
      { class: 'link' },
      name && element('span', { class: 'chip' }, name),
      familiarText(text),
    );
    button.addEventListener('click', () => state.select(step, 'details'));
    return element('li', {}, button);
  });
  return [element('h3', { class: 'list-title' }, title), element('ul', { class: 'steps' }, ...items)];
}
