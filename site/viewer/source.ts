/** The source file beside the drawing: its lines are joined with the steps that they make. */
import { mainFile } from '../../src/graph/main-file.ts';
import { byId, element } from './dom.ts';
import type { State } from './state.ts';

/** Shows the files of the graph. */
export function createSource(host: HTMLElement, state: State): void {
  const files = byId<HTMLSelectElement>('file');
  const list = element('div', {
    class: 'lines',
    id: 'lines',
    role: 'listbox',
    tabindex: 0,
    'aria-label': 'Source. Arrow keys move between lines that make steps.',
  });
  host.append(list);
  let file = 0;
  let rows: HTMLElement[] = [];
  let current: number | undefined;

  function showFile(at: number) {
    file = at;
    files.value = String(at);
    const { text = '', language = '' } = state.graph.files[at] ?? {};
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    rows = lines.map((line, index) => lineElement(index + 1, line, language));
    list.replaceChildren(...rows);
    list.style.setProperty('--digits', `${String(lines.length).length}ch`);
    current = undefined;
    mark();
  }

  function lineElement(number: number, text: string, language: string): HTMLElement {
    const steps = state.stepsOfLine(file, number);
    const { facts } = state.drawing;
    const [first] = steps;
    const record = first === undefined ? undefined : facts[first]!.record;
    const made = element(
      'div',
      {
        class: ['line', steps.length > 0 && 'has-steps', language === 'Dockerfile' && /^\s*#/.test(text) && 'comment']
          .filter(Boolean)
          .join(' '),
        id: `line-${number}`,
        role: 'option',
        'aria-selected': 'false',
        ...(steps.length === 0 && { 'aria-disabled': 'true' }),
      },
      element('span', { class: 'number', 'aria-hidden': 'true' }, String(number)),
      element('span', {
        class: `gutter${first === undefined ? '' : ` k-${facts[first]!.kind}`}`,
        'aria-hidden': 'true',
      }),
      codeElement(text, language, first === undefined ? undefined : facts[first]!.kind),
      record && isFirstLine(number, first!)
        ? element('span', { class: 'cost' }, record.error ? 'failed' : record.cached ? 'cached' : '')
        : undefined,
    );
    made.dataset['line'] = String(number);
    return made;
  }

  const isFirstLine = (number: number, step: number) =>
    state.drawing.facts[step]!.lines.some((it) => it.file === file && it.start === number);

  function codeElement(text: string, language: string, kind: string | undefined): HTMLElement {
    const [, before = '', keyword = '', rest = ''] = /^(\s*)([A-Za-z]+)(\s.*)$/s.exec(text) ?? [];
    const isInstruction = language === 'Dockerfile' && instructions.has(keyword.toUpperCase());
    if (!isInstruction) return element('code', {}, text);
    return element('code', {}, before, element('b', { class: kind ? `k-${kind}` : '' }, keyword), rest);
  }

  /** Marks the lines of the steps that are selected or hovered. */
  function mark() {
    const marked = (steps: Iterable<number>) => {
      const lines = new Set<number>();
      for (const step of steps)
        for (const it of state.drawing.facts[step]?.lines ?? [])
          if (it.file === file) for (let line = it.start; line <= it.end; line++) lines.add(line);
      return lines;
    };
    const selected = marked(state.selected === undefined ? [] : [state.selected]);
    const hovered = marked(state.hovered);
    rows.forEach((row, index) => {
      row.classList.toggle('selected', selected.has(index + 1));
      row.classList.toggle('hovered', hovered.has(index + 1));
      row.setAttribute('aria-selected', String(selected.has(index + 1)));
    });
    const [first] = selected;
    if (first === undefined) list.removeAttribute('aria-activedescendant');
    else list.setAttribute('aria-activedescendant', `line-${first}`);
    if (first !== undefined && (current === undefined || !selected.has(current))) current = first;
  }

  function selectLine(line: number, from: string) {
    const steps = state.stepsOfLine(file, line);
    if (steps.length === 0) return;
    const at = state.selected === undefined ? -1 : steps.indexOf(state.selected);
    current = line;
    state.select(steps[(at + 1) % steps.length], from); // a second click goes to the next step of the line
  }

  const lineAt = (target: EventTarget | null) => {
    const line = (target as Element | null)?.closest<HTMLElement>('[data-line]')?.dataset['line'];
    return line === undefined ? undefined : Number(line);
  };
  list.addEventListener('click', (event) => {
    const line = lineAt(event.target);
    if (line !== undefined && (getSelection()?.toString() ?? '') === '') selectLine(line, 'source');
  });
  list.addEventListener('pointermove', (event) => {
    const line = lineAt(event.target);
    state.hover(line === undefined ? [] : state.stepsOfLine(file, line));
  });
  list.addEventListener('pointerleave', () => state.hover([]));
  list.addEventListener('keydown', (event) => {
    const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (direction === undefined || event.shiftKey) return;
    event.preventDefault();
    const here = state.selected === undefined ? undefined : current;
    for (let line = (here ?? 0) + direction; line >= 1 && line <= rows.length; line += direction) {
      const steps = state.stepsOfLine(file, line);
      if (steps.length === 0 || (state.selected !== undefined && steps.includes(state.selected))) continue;
      current = line;
      state.select(steps[0], 'lines');
      break;
    }
  });

  state.on('graph', () => {
    files.replaceChildren(...state.graph.files.map(({ name }, at) => element('option', { value: at }, name)));
    files.classList.toggle('single', state.graph.files.length < 2);
    showFile(mainFile(state.platform));
  });
  files.addEventListener('change', () => showFile(Number(files.value)));
  state.on('selection', (from) => {
    const [first] = state.selected === undefined ? [] : state.drawing.facts[state.selected]!.lines;
    if (first && first.file !== file) showFile(first.file);
    mark();
    if (!first || from === 'source' || from === 'graph') return;
    rows[first.start - 1]?.scrollIntoView({ block: 'nearest' });
  });
  state.on('hover', mark);
}

const instructions = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);
