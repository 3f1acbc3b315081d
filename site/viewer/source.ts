/** The source file beside the drawing: its lines are joined with the steps that they make. */
import { mainFile } from '../../src/graph/main-file.ts';
import { byId, element } from './dom.ts';
import { lineElement } from './source-line.ts';
import type { State } from './state.ts';

/** Shows the files of the graph. */
export function createSource(host: HTMLElement, state: State): void {
  const view = new SourceView(state, byId<HTMLSelectElement>('file'));
  host.append(view.list);
}

class SourceView {
  readonly list = element('div', {
    class: 'lines',
    id: 'lines',
    role: 'listbox',
    tabindex: 0,
    'aria-label': 'Source. Arrow keys move between lines that make steps.',
  });
  private readonly state: State;
  /** The list from which a file is chosen. */
  private readonly files: HTMLSelectElement;
  /** The file that is shown. */
  private file = 0;
  private rows: HTMLElement[] = [];
  /** The line from which the arrow keys go on. */
  private current: number | undefined;

  constructor(state: State, files: HTMLSelectElement) {
    this.state = state;
    this.files = files;
    this.listenToUser();
    state.on('graph', () => this.showGraph());
    state.on('selection', (from) => this.showSelection(from));
    state.on('hover', () => this.mark());
  }

  private listenToUser(): void {
    const { list, files, state } = this;
    files.addEventListener('change', () => this.showFile(Number(files.value)));
    list.addEventListener('click', (event) => {
      const line = lineAt(event.target);
      if (line !== undefined && (getSelection()?.toString() ?? '') === '') this.selectLine(line);
    });
    list.addEventListener('pointermove', (event) => {
      const line = lineAt(event.target);
      state.hover(line === undefined ? [] : state.stepsOfLine(this.file, line));
    });
    list.addEventListener('pointerleave', () => state.hover([]));
    list.addEventListener('keydown', (event) => {
      const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (direction === undefined || event.shiftKey) return;
      event.preventDefault();
      this.selectNextLine(direction);
    });
  }

  private showGraph(): void {
    const { files, state } = this;
    files.replaceChildren(...state.graph.files.map(({ name }, at) => element('option', { value: at }, name)));
    files.classList.toggle('single', state.graph.files.length < 2);
    this.showFile(mainFile(state.platform));
  }

  private showFile(at: number): void {
    this.file = at;
    this.files.value = String(at);
    const { text = '', language = '' } = this.state.graph.files[at] ?? {};
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    this.rows = lines.map((line, index) =>
      lineElement({ file: at, number: index + 1, text: line, language }, this.state),
    );
    this.list.replaceChildren(...this.rows);
    this.list.style.setProperty('--digits', `${String(lines.length).length}ch`);
    this.current = undefined;
    this.mark();
  }

  private showSelection(from: string): void {
    const { selected, drawing } = this.state;
    const [first] = selected === undefined ? [] : drawing.facts[selected]!.lines;
    if (first && first.file !== this.file) this.showFile(first.file);
    this.mark();
    if (!first || from === 'source' || from === 'graph') return;
    this.rows[first.start - 1]?.scrollIntoView({ block: 'nearest' });
  }

  /** Marks the lines of the steps that are selected or hovered. */
  private mark(): void {
    const { state, list } = this;
    const selected = this.linesOf(state.selected === undefined ? [] : [state.selected]);
    const hovered = this.linesOf(state.hovered);
    this.rows.forEach((row, index) => {
      row.classList.toggle('selected', selected.has(index + 1));
      row.classList.toggle('hovered', hovered.has(index + 1));
      row.setAttribute('aria-selected', String(selected.has(index + 1)));
    });
    const [first] = selected;
    if (first === undefined) list.removeAttribute('aria-activedescendant');
    else list.setAttribute('aria-activedescendant', `line-${first}`);
    if (first !== undefined && (this.current === undefined || !selected.has(this.current))) this.current = first;
  }

  /** The lines of the shown file that make steps. */
  private linesOf(steps: Iterable<number>): Set<number> {
    const lines = new Set<number>();
    for (const step of steps)
      for (const { file, start, end } of this.state.drawing.facts[step]?.lines ?? [])
        if (file === this.file) for (let line = start; line <= end; line++) lines.add(line);
    return lines;
  }

  /** Selects a step of a line; once more, the next one of the same line. */
  private selectLine(line: number): void {
    const { state, file } = this;
    const steps = state.stepsOfLine(file, line);
    if (steps.length === 0) return;
    const at = state.selected === undefined ? -1 : steps.indexOf(state.selected);
    this.current = line;
    state.select(steps[(at + 1) % steps.length], 'source');
  }

  /** Selects the first step of the next line that makes another one. @param direction 1 for down, -1 for up */
  private selectNextLine(direction: number): void {
    const { state, file, rows } = this;
    const here = state.selected === undefined ? undefined : this.current;
    for (let line = (here ?? 0) + direction; line >= 1 && line <= rows.length; line += direction) {
      const steps = state.stepsOfLine(file, line);
      if (steps.length === 0 || (state.selected !== undefined && steps.includes(state.selected))) continue;
      this.current = line;
      state.select(steps[0], 'lines');
      return;
    }
  }
}

function lineAt(target: EventTarget | null): number | undefined {
  const line = (target as Element | null)?.closest<HTMLElement>('[data-line]')?.dataset['line'];
  return line === undefined ? undefined : Number(line);
}
