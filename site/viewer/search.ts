/** Finds steps by what is written in them, in their lines and in their digests. */
import type { State } from './state.ts';

export function createSearch(input: HTMLInputElement, count: HTMLElement, state: State): void {
  let matches: readonly number[] = [];

  function search() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      matches = [];
      count.textContent = '';
      state.find(undefined);
      return;
    }
    const { platform } = state;
    matches = platform.steps.flatMap(({ text, stage, ops }, step) => {
      const own = ops.map((op) => platform.ops[op]!);
      const name = stage === undefined ? '' : platform.stages[stage]!.name;
      const all = [name, text, ...own.flatMap((op) => [op.name, op.summary, op.digest, op.kind, ...op.details])];
      const whole = all.join('\n').toLowerCase();
      return words.every((word) => whole.includes(word)) ? step : [];
    });
    state.find(matches);
    showCount();
  }

  function showCount() {
    const at = state.selected === undefined ? -1 : matches.indexOf(state.selected);
    if (input.value.trim() === '') count.textContent = '';
    else if (matches.length === 0) count.textContent = 'none';
    else count.textContent = at < 0 ? `${matches.length}` : `${at + 1}/${matches.length}`;
  }

  function go(by: number) {
    if (matches.length === 0) return;
    const at = state.selected === undefined ? -1 : matches.indexOf(state.selected);
    const next = at < 0 ? (by > 0 ? 0 : matches.length - 1) : (at + by + matches.length) % matches.length;
    state.select(matches[next], 'search');
  }

  input.addEventListener('input', search);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  });
  state.on('selection', showCount);
  state.on('graph', () => {
    if (input.value !== '') search();
  });
}
