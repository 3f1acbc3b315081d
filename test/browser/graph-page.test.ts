/** The page of `tsfront graph` in a browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildGraph, type GraphOptions } from '../../src/graph/build-graph.ts';
import type { BuildGraph } from '../../src/graph/graph-model.ts';
import { formatPage } from '../../src/graph/page.ts';
import { readProgress } from '../../src/graph/progress-record.ts';
import { memoryTree } from '../../src/index.ts';
import { compileText, compileTree, manyStages } from '../graph/compile-text.ts';
import { onChromium } from './chromium.ts';
import { type OpenedPage, openPage, startBrowser } from './open-page.ts';

const dockerfile = `# the tool
FROM alpine AS tool
RUN make tool
FROM debian AS app
COPY src ./src
RUN make app
COPY --from=tool /tool /tool
`;

onChromium('the page of a graph', () => {
  let browser: Browser;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    expect(opened.errors).toEqual([]);
    expect(opened.requests).toEqual([]);
    await opened.close();
  });

  async function openGraph(graph: BuildGraph, dark = false, width = 1280): Promise<Page> {
    opened = await openPage(browser, formatPage(graph), dark, width);
    return opened.page;
  }
  const open = async (text: string, options: GraphOptions = {}, dark = false, width = 1280) =>
    openGraph(buildGraph(await compileText(text), options), dark, width);
  const selected = (page: Page) => page.locator('.step.selected .code').allTextContents();
  const selectedLines = (page: Page) => page.locator('.line.selected .number').allTextContents();

  test('it opens as a file, without a request or an error, and shows source and steps', async () => {
    const page = await open(dockerfile);
    expect(await page.title()).toBe('Dockerfile · build graph');
    expect(await page.locator('.line code').allTextContents()).toEqual(dockerfile.trimEnd().split('\n'));
    expect((await page.locator('.step .code').allTextContents()).sort()).toEqual([
      'COPY --from=tool /tool /tool',
      'COPY src ./src',
      'FROM alpine:latest',
      'FROM debian:latest',
      'RUN make app',
      'RUN make tool',
      'build context',
    ]);
    expect((await page.locator('.title').allTextContents()).sort()).toEqual(['app', 'tool']);
  });

  test('a click on a line selects its steps, and a click on a step its lines', async () => {
    const page = await open(dockerfile);
    await page.click('#line-6');
    expect(await selected(page)).toEqual(['RUN make app']);
    expect(await page.locator('#details h2').textContent()).toBe('RUN make app');
    expect(await page.locator('#details .digest code').textContent()).toMatch(/^sha256:[0-9a-f]{64}$/);
    await page.click('#fit'); // the details made the drawing move
    await page.locator('.step', { hasText: 'RUN make tool' }).click();
    expect(await selectedLines(page)).toEqual(['3']);
    await page.locator('.step', { hasText: 'COPY src' }).hover();
    expect(await page.locator('.line.hovered .number').allTextContents()).toEqual(['5']);
    await page.click('#line-1', { force: true }); // a comment makes nothing
    expect(await selectedLines(page)).toEqual(['3']);
  });

  test('keys move between steps, and say which', async () => {
    const page = await open(dockerfile);
    await page.focus('#canvas');
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
      return (await selected(page))[0];
    };
    expect(await press('ArrowDown')).toBe('COPY --from=tool /tool /tool');
    expect(await press('ArrowLeft')).toBe('RUN make tool');
    expect(await press('ArrowUp')).toBe('FROM alpine:latest');
    expect(await press('ArrowDown', 'ArrowRight', 'ArrowUp')).toBe('RUN make app');
    expect(await page.locator('#said').textContent()).toBe('RUN make app, stage app, step 3 of 4, line 6');
    const active = await page.locator('#canvas').getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Escape');
    expect(await selected(page)).toEqual([]);
    expect(await page.locator('#details').isHidden()).toBe(true);
    await page.focus('#lines');
    expect(await press('ArrowDown', 'ArrowDown')).toBe('RUN make tool');
  });

  test('a search finds steps, and Enter goes from one to the next', async () => {
    const page = await open(dockerfile);
    await page.keyboard.press('/');
    await page.keyboard.type('make');
    expect((await page.locator('.step.found .code').allTextContents()).sort()).toEqual([
      'RUN make app',
      'RUN make tool',
    ]);
    expect(await page.locator('.step.dim').count()).toBe(5);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await page.locator('#found').textContent()).toBe('2/2');
    expect(await selected(page)).toEqual(['RUN make tool']);
    await page.keyboard.press('Escape');
    expect(await page.locator('.step.dim').count()).toBe(0);
  });

  test('it can be zoomed and moved, and shown whole again', async () => {
    const page = await open(dockerfile);
    const place = () => page.locator('.drawing > g').getAttribute('transform');
    const scale = async () => Number(/scale\(([\d.]+)\)/.exec((await place())!)![1]);
    const before = await scale();
    await page.keyboard.press('+');
    expect(await scale()).toBeCloseTo(before * 1.25, 4);
    const box = (await page.locator('#canvas').boundingBox())!;
    await page.mouse.move(box.x + 20, box.y + 20);
    const unmoved = await place();
    await page.mouse.down();
    await page.mouse.move(box.x + 120, box.y + 60);
    await page.mouse.up();
    expect(await place()).not.toBe(unmoved);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, 200);
    await page.keyboard.up('Control');
    await expect.poll(scale).toBeLessThan(before * 1.25);
    await page.click('#fit');
    expect(await scale()).toBeCloseTo(before, 4);
  });

  test('it is dark if the system is, and the button changes that', async () => {
    const page = await open(dockerfile, {}, true);
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    expect(await background()).toBe('rgb(16, 20, 26)');
    await page.click('#theme');
    expect(await background()).toBe('rgb(246, 247, 249)');
    await page.keyboard.press('t');
    expect(await background()).toBe('rgb(16, 20, 26)');
  });

  test('a narrow window shows source or graph', async () => {
    const page = await open(dockerfile, {}, false, 400);
    expect(await page.locator('#source').isVisible()).toBe(false);
    await page.click('[data-tab=source]');
    expect(await page.locator('#source').isVisible()).toBe(true);
    expect(await page.locator('#canvas').isVisible()).toBe(false);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
  });

  test('each platform can be shown', async () => {
    const page = await openGraph(
      buildGraph(await compileText('FROM alpine\nRUN make\n', { platform: 'linux/amd64,linux/arm64' })),
    );
    await page.selectOption('#platform', { label: 'linux/arm64' });
    expect(await page.locator('.title .muted').textContent()).toBe('linux/arm64');
  });

  test('the modules of a build program are its source, the one of the result first', async () => {
    const tree = memoryTree({
      'build.ts': "import { tool } from './tool.ts';\nexport default tool.run('make app');\n",
      'tool.ts': "import { image } from 'tsfront/build';\nexport const tool = image('alpine').run('make tool');\n",
    });
    const page = await openGraph(buildGraph(await compileTree(tree, { filename: 'build.ts' })));
    expect(await page.locator('h1').textContent()).toBe('build.ts');
    await page.locator('.step', { hasText: 'make tool' }).click();
    expect(await page.locator('.line.selected code').allTextContents()).toEqual([
      "export const tool = image('alpine').run('make tool');",
    ]);
    expect(await page.locator('#file option:checked').textContent()).toBe('tool.ts');
  });

  test('a record is shown as times, a timeline and a critical path', async () => {
    const at = (second: number) => new Date(second * 1000).toISOString();
    const vertexes = [
      { digest: 'a', name: '[tool 2/2] RUN make tool', started: at(0), completed: at(8) },
      { digest: 'b', name: '[app 3/4] RUN make app', started: at(0), completed: at(2) },
      { digest: 'c', name: '[app 4/4] COPY --from=tool /tool /tool', started: at(8), completed: at(9) },
      { digest: 'd', name: '[app 2/4] COPY src ./src', started: at(0), completed: at(0), cached: true },
    ];
    const page = await open(dockerfile, { record: readProgress(JSON.stringify({ vertexes }), 'record') });
    const time = (text: string) => page.locator('.step', { hasText: text }).locator('.time').textContent();
    expect(await time('RUN make tool')).toBe('8.0 s');
    expect(await time('COPY src')).toBe('cached');
    expect((await page.locator('.step.critical .code').allTextContents()).sort()).toEqual([
      'COPY --from=tool /tool /tool',
      'RUN make tool',
    ]);
    expect(await page.locator('.edge.critical').count()).toBe(1);
    expect(await page.locator('#timeline h2').textContent()).toContain(
      '9.0 s in all · 11.0 s of work · at most 2 at once',
    );
    await page.locator('.bar', { hasText: 'make app' }).click();
    expect(await selected(page)).toEqual(['RUN make app']);
  });

  test('text of a Dockerfile is never markup or a script', async () => {
    const hostile = '</script><img src=x onerror=alert(1)><script>alert(2)</script><!--<script>';
    const page = await open(
      `FROM alpine AS a\nRUN echo '${hostile}'\n# ${hostile} %data% %script%\nLABEL a="${hostile.replaceAll('"', '')}"\nFROM a\nRUN true '${hostile}'\n`,
    );
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('#line-2 code').textContent()).toBe(`RUN echo '${hostile}'`);
    expect(await page.locator('#line-3 code').textContent()).toBe(`# ${hostile} %data% %script%`);
    await page.click('#line-2');
    expect(await page.locator('#details h2').textContent()).toBe(`RUN echo '${hostile}'`);
    expect(await page.locator('body script').count()).toBe(2);
  });

  test('its policy lets no other script run', async () => {
    const graph = formatPage(buildGraph(await compileText(dockerfile)));
    opened = await openPage(browser, graph.replace('</main>', '</main><script>document.title = "changed"</script>'));
    expect(await opened.page.title()).toBe('Dockerfile · build graph');
    expect(opened.errors).toHaveLength(1);
    expect(opened.errors[0]).toContain('Content Security Policy');
    opened = { ...opened, errors: [] };
  });

  test('credentials are not in it', async () => {
    const page = await open(
      'FROM alpine\nADD https://user:hunter2@example.com/a?token=hunter3 /a\n# https://user:hunter4@h/\n',
    );
    expect(await page.content()).not.toContain('hunter');
  });

  test('300 steps can be read, and only those in view have elements', async () => {
    const page = await open(manyStages(15, 20));
    expect(Number.parseInt((await page.locator('#scale').textContent())!, 10)).toBeGreaterThanOrEqual(80);
    const count = await page.locator('.step').count();
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(300);
    await page.click('#line-45');
    expect((await selected(page))[0]).toBe(await page.locator('#line-45 code').textContent());
    const step = (await page.locator('.step.selected').boundingBox())!;
    const canvas = (await page.locator('#canvas').boundingBox())!;
    expect(step.x).toBeGreaterThanOrEqual(canvas.x);
    expect(step.y + step.height).toBeLessThanOrEqual(canvas.y + canvas.height);
  });

  test('everything that can be used has a name', async () => {
    const page = await open(dockerfile);
    await page.click('#line-6');
    const nameless =
      await page.evaluate(`[...document.querySelectorAll('button, select, input, [role=listbox], [role=option], [role=separator]')]
      .filter((it) => it.checkVisibility() && !(it.getAttribute('aria-label') || it.textContent.trim() || it.labels?.[0]?.textContent.trim()))
      .filter((it) => it.getAttribute('role') !== 'option' || !it.classList.contains('line'))
      .map((it) => it.outerHTML)`);
    expect(nameless).toEqual([]);
  });
});
