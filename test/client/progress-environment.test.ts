/** What the environment says of the progress. */
import { expect, test } from 'vitest';
import { createDisplay, type ProgressMode, type Vertex } from '../../src/client/index.ts';
import { parseColors } from '../../src/client/progress/colors.ts';
import { T, update, vertex } from './status-update.ts';

const step = (digest: string, more: Partial<Vertex>) => vertex(digest, `step ${digest}`, { started: T, ...more });

async function show(mode: ProgressMode, env: Record<string, string>): Promise<{ drawn: string; all: string }> {
  let all = '';
  const write = (text: string) => {
    all += text;
  };
  const display = await createDisplay(mode, { write, isTTY: true, columns: 60, rows: 60 }, env);
  display.update(
    update({
      vertexes: [step('a', { completed: T + 1 }), step('b', {}), step('c', { completed: T + 1, error: 'no' })],
    }),
  );
  const data = Buffer.from(Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(''));
  display.update(update({ logs: [{ vertex: 'b', stream: 'stdout', data, timestamp: T }] }));
  display.refresh();
  const drawn = all;
  display.done();
  return { drawn, all };
}

test.each([
  ['nothing', {}, true],
  ['an empty NO_COLOR', { NO_COLOR: '' }, true],
  ['NO_COLOR', { NO_COLOR: '1' }, false],
  ['NO_COLOR and BUILDKIT_COLORS', { NO_COLOR: '1', BUILDKIT_COLORS: 'run=red' }, false],
])('%s decides whether the display has colours', async (_, env, colored) => {
  const { all } = await show('auto', env);
  expect(all.includes('\x1b[34m => step a')).toBe(colored);
  expect(/\x1b\[[0-9;]*m/.test(all)).toBe(colored);
});

test('a dumb terminal gets no drawing', async () => {
  const { all } = await show('auto', { TERM: 'dumb' });
  expect(all).not.toContain('\x1b');
  expect(all).toContain('#1 step a\n');
});

test.each([
  ['', 6],
  ['2', 2],
  ['10', 10],
  ['1000', 30],
])('BUILDKIT_TTY_LOG_LINES=%s shows %i lines of output', async (lines, expected) => {
  const { drawn } = await show('tty', { BUILDKIT_TTY_LOG_LINES: lines });
  expect(drawn.match(/# line \d+/g)).toHaveLength(expected);
  expect(drawn).toContain('# line 29');
});

test.each(['0', '-1', 'many', '1e3'])('BUILDKIT_TTY_LOG_LINES=%s is told to be ignored', async (lines) => {
  const { drawn } = await show('tty', { BUILDKIT_TTY_LOG_LINES: lines });
  expect(drawn).toContain(`WARNING: BUILDKIT_TTY_LOG_LINES is ignored: "${lines}" is not a number of lines\n`);
  expect(drawn.match(/# line \d+/g)).toHaveLength(6);
});

test('BUILDKIT_COLORS chooses the colours, and says what it does not know', async () => {
  const { all } = await show('tty', { BUILDKIT_COLORS: 'RUN=light-green:error=255,0,0:cancle=red' });
  expect(all).toContain('\x1b[92m => step a');
  expect(all).toContain('\x1b[38;5;196m => ERROR step c');
  expect(all).toContain(
    '"cancle=red" is ignored: cancle is not one of run, cancel, error and warning (did you mean cancel?)',
  );
  const told: string[] = [];
  const colors = parseColors('run=bleu:warning=1,2:error=0,0,999:x:cancel=Default', (message) => told.push(message));
  expect(colors).toEqual({ run: '\x1b[34m', cancel: '\x1b[39m', error: '\x1b[31m', warning: '\x1b[33m' });
  expect(told).toHaveLength(4);
  expect(told[0]).toContain('(did you mean blue?)');
});
