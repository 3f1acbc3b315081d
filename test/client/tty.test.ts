/** The live display on a terminal: what is on the screen at the end, whatever is shown and whatever size it has. */
import { describe, expect, test } from 'vitest';
import { createDisplay, type StatusUpdate } from '../../src/client/index.ts';
import { displayWidth } from '../../src/text/width.ts';
import { T, update, vertex } from './status-update.ts';
import { createScreen, wrappedMark } from './terminal-screen.ts';

const log = (text: string) =>
  update({ logs: [{ vertex: 'b', stream: 'stdout', data: Buffer.from(text), timestamp: T + 1 }] });
const started = update({ vertexes: [vertex('b', 'RUN b', { started: T })] });

/** Draws after each update. */
async function show(updates: readonly StatusUpdate[], [columns, rows] = [40, 24]) {
  const screen = createScreen(columns!, rows!);
  screen.write('$ tsfront build .\n');
  const display = await createDisplay('tty', screen.output, {});
  for (const it of updates) {
    display.update(it);
    display.refresh();
  }
  return { screen, display };
}

const texts = {
  Chinese: '构建镜像并安装依赖项目构建镜像并安装依赖项目构建镜像',
  Korean: '이미지를 빌드하고 의존성을 설치합니다 이미지를 빌드하고',
  'decomposed Korean': '이미지를 빌드하고 의존성을 설치합니다'.normalize('NFD').repeat(2),
  'half and full width': 'ﾊﾝｶｸ ＦＵＬＬ ｗｉｄｔｈ'.repeat(4),
  'combining marks': 'e\u0301a\u0308n\u0303'.repeat(40),
  'a mark on nothing': '\u0301\u0301\u0301x',
  families: '👨‍👩‍👧‍👦'.repeat(30),
  'flags and keycaps': '🇩🇪🇯🇵1️⃣#️⃣'.repeat(20),
  'skin tones': '👍🏽👋🏿'.repeat(30),
  'text turned emoji': '❤️✔️⚠️'.repeat(30),
  tabs: 'a\tb\tc\td\te\tf\tg\th\ti',
  'zero width': 'a\u200bb\u200cc\ufeffd\u00ade'.repeat(30),
  Devanagari: 'क्षत्रिय नमस्ते दुनिया'.repeat(5),
  Thai: 'สวัสดีชาวโลกทำน้ำ'.repeat(5),
  Arabic: 'مرحبا بالعالم'.repeat(8),
  'rare Han': '𠮷𠮷𠮷'.repeat(15),
  'stray bytes': Buffer.from([0xff, 0xfe, 0x80, 0xe4, 0xbd]).toString('latin1').repeat(20),
};

describe.each(Object.entries(texts))('a text with %s', (_, text) => {
  test.each([[80, 24], [40, 24], [33, 10], [20, 10], [19, 10], [5, 10], [2, 10], [1, 10]])('the text does not break a display of %i columns and %i rows', async (columns, rows) => {
    const statuses = [{ id: text, vertex: 'b', name: '', current: 1_500_000, total: 3_000_000, timestamp: T, started: T, completed: undefined }];
    const name = update({ vertexes: [vertex('b', text, { started: T })] });
    const done = update({ vertexes: [vertex('b', text, { started: T, completed: T + 1500 })] });
    const { screen, display } = await show([name, log(`${text}\n${text}`), update({ statuses }), log(text), log(text), done], [columns, rows]);
    display.done();
    const shown = await screen.rows();
    const start = shown.findLastIndex((line) => line.startsWith('['));
    // Above stands what stood there before, below only one row for each line.
    expect(shown.slice(start).map((line) => line.startsWith(wrappedMark))).toEqual([false, false, false]);
    expect(shown.filter((line) => line.startsWith('['))).toHaveLength(1);
    expect(shown.join('').replaceAll(wrappedMark, '')).toContain('$ tsfront build .[');
    const [title = '', step = '', status = ''] = shown.slice(start);
    expect('[+] Building '.startsWith(title.slice(0, 13))).toBe(true);
    for (const line of [step, status]) {
      expect(' => '.startsWith(line.slice(0, 4).padEnd(Math.min(columns, 4)))).toBe(true);
      if (columns >= 21) expect(line).toMatch(/\ds$/);
    }
    if (columns >= 21) expect(step).toMatch(/ 1\.5s$/);
  }); // biome-ignore format: sizes
});

test('text that fits is whole, and its time stands at the right', async () => {
  const name = '安装 👨‍👩‍👧 e\u0301';
  const { screen } = await show([update({ vertexes: [vertex('b', name, { started: T, completed: T + 1500 })] })]);
  const line = (await screen.rows()).at(-1)!;
  expect(line).toMatch(new RegExp(`^ => ${name} +1\\.5s$`));
});

test('output is shown with its columns, wrapped at the width, and nothing in it acts on the terminal', async () => {
  const { screen } = await show([
    started,
    log('\x1b]0;owned\x07\x1b[2J\x1b[H\x1b[31mred\x1b[0m\x1b[?1049h\x1b[5A\n'),
    log('a\tb\n构\tc\n'),
    log('10%\r\x1b[K50%\r\x1b[K100%\n'),
    log('|\b/\b-\bdone\n'),
    log(`${'x'.repeat(31)}${'y'.repeat(5)}\n`),
  ]);
  expect((await screen.rows()).slice(3)).toEqual([
    ' => => # a       b',
    ' => => # 构      c',
    ' => => # 100%',
    ' => => # done',
    ` => => # ${'x'.repeat(31)}`,
    ' => => # yyyyy',
  ]);
  expect(screen.title).toBe('');
});

test.each([[100, 30], [60, 12], [30, 20], [12, 30], [30, 10], [3, 4], [1, 2], [80, 1]])('a terminal resized to %i columns and %i rows while it is drawn shows the display once', async (columns, rows) => {
  const name = '构建 building the whole thing from its sources';
  const running = update({ vertexes: [vertex('b', name, { started: T }), vertex('c', `${name} again`, { started: T })] });
  const done = update({ vertexes: [vertex('b', name, { started: T, completed: T + 1500 }), vertex('c', `${name} again`, { started: T, completed: T + 2500 })] });
  const { screen, display } = await show([running, log('one\ntwo\n')], [80, 24]);
  for (const [width, height] of [[columns, rows], [80, 24], [columns, rows]]) {
    await screen.resize(width!, height!);
    display.update(log('three\n'));
    display.refresh();
    display.refresh();
  }
  display.update(done);
  display.refresh();
  await screen.resize(80, 24);
  display.done();
  const shown = await screen.rows();
  expect(shown.slice(-3)).toEqual([
    expect.stringMatching(/^\[\+\] Building .*\(2\/2\) FINISHED$/),
    expect.stringMatching(new RegExp(`^ => ${name} +1\\.5s$`)),
    expect.stringMatching(new RegExp(`^ => ${name} again +2\\.5s$`)),
  ]);
  if (rows > 10) expect(shown).toHaveLength(4);
  expect(shown[0]).toBe('$ tsfront build .');
}); // biome-ignore format: sizes

test('a terminal without a size counts as one of 80 columns and 10 rows', async () => {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const display = await createDisplay('tty', { write, isTTY: true, columns: 0, rows: 0 }, {});
  display.update(update({ vertexes: Array.from({ length: 30 }, (_, i) => vertex(`${i}`, 'x'.repeat(200), { started: T + i })) }));
  display.refresh();
  const screen = createScreen(80, 10);
  screen.write(text);
  const shown = await screen.rows();
  expect(shown).toHaveLength(9);
  for (const line of shown) expect(displayWidth(line)).toBeLessThanOrEqual(80);
}); // biome-ignore format: one line
