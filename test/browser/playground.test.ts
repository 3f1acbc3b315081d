/** The playground in a browser: the page that `npm run playground` writes. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { playground } from '../../scripts/pages.mjs';
import { onChromium } from './chromium.ts';
import { type OpenedPage, openPage, startBrowser } from './open-page.ts';

onChromium('the playground', () => {
  let browser: Browser;
  let html: string;
  let opened: OpenedPage;
  beforeAll(async () => {
    [browser, html] = await Promise.all([startBrowser(), playground()]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    opened = await openPage(browser, html);
    await opened.page.locator('.step').first().waitFor();
  });
  afterEach(async () => {
    expect(opened.errors).toEqual([]);
    expect(opened.requests.filter((url) => !/^(?:blob|data):/.test(url))).toEqual([]);
    await opened.close();
  });

  /** Replaces the text as a user does. */
  async function type(text: string): Promise<void> {
    const { page } = opened;
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
  }
  const steps = async () => (await opened.page.locator('.step .code').allTextContents()).sort();
  const read = async (selector: string) => (await opened.page.locator(selector).textContent()) ?? '';
  const findings = () => read('#findings');

  test('it compiles what is typed: graph, LLB and image config', async () => {
    const { page } = opened;
    await type('FROM debian AS tool\nRUN make tool\nFROM alpine\nCOPY --from=tool /tool /tool\nCMD ["/tool"]\n');
    await expect
      .poll(steps)
      .toEqual(['COPY --from=tool /tool /tool', 'FROM alpine:latest', 'FROM debian:latest', 'RUN make tool']);
    expect(await findings()).toBe('No findings');
    await page.click('[data-pane=llb]');
    expect(await read('#llb')).toMatch(/run\s+\/bin\/sh -c 'make tool'/);
    await page.click('[data-pane=image]');
    expect(JSON.parse(await read('#image')).config.Cmd).toEqual(['/tool']);
    expect(await page.locator('#stage').isVisible()).toBe(false);
  });

  test('it shows findings where they are, and goes there', async () => {
    const { page } = opened;
    await type('FROM alpine\nMAINTAINER me\nRUN true\n');
    await expect.poll(findings).toMatch(/line 2\s*MaintainerDeprecated/);
    expect(await read('.cm-lintRange-warning')).toBe('MAINTAINER me');
    await page.locator('.finding').click();
    expect(await read('.cm-activeLine')).toBe('MAINTAINER me');
  });

  test('a text that does not compile keeps the last graph, and says so', async () => {
    await type('FROM alpine\nRUN true\n');
    await expect.poll(steps).toEqual(['FROM alpine:latest', 'RUN true']);
    await type('FROM alpine\nRUNN true\n');
    await expect
      .poll(findings)
      .toMatch(/line 2\s*unknown-instruction\s*unknown instruction: RUNN \(did you mean RUN\?\)/);
    expect(await steps()).toEqual(['FROM alpine:latest', 'RUN true']);
    expect(await read('#status')).toContain('the graph is that of the last text that did');
  });

  test('it says which base images it does not know', async () => {
    await type('FROM example.com/team/base:1\nRUN echo $FROM_BASE\n');
    const status = () => read('#status');
    await expect.poll(status).toBe('Treated as empty images, because nothing is fetched: example.com/team/base:1.');
    expect(await findings()).toBe('No findings');
  });

  test('lines and steps are joined', async () => {
    const { page } = opened;
    await type('FROM alpine\nRUN one\nRUN two\n');
    await expect.poll(steps).toHaveLength(3);
    await page.locator('.step', { hasText: 'RUN two' }).click();
    expect(await page.locator('.line-selected').allInnerTexts()).toEqual(['RUN two']);
    await page.locator('.cm-lineNumbers .cm-gutterElement', { hasText: /^2$/ }).click();
    expect(await page.locator('.step.selected .code').allTextContents()).toEqual(['RUN one']);
    expect(await read('#details h2')).toBe('RUN one');
  });

  test('a target can be chosen', async () => {
    await type('FROM alpine AS a\nRUN one\nFROM alpine AS b\nRUN two\n');
    await expect.poll(steps).toEqual(['FROM alpine:latest', 'RUN two']);
    await opened.page.fill('#target', 'a');
    await expect.poll(steps).toEqual(['FROM alpine:latest', 'RUN one']);
  });

  test('typed text is never markup', async () => {
    await type('FROM alpine\nRUN echo "</script><img src=x onerror=alert(1)>"\nCOPPY <img src=x onerror=alert(2)>\n');
    await expect.poll(findings).toContain('COPPY');
    await type('FROM alpine\nRUN echo "</script><img src=x onerror=alert(1)>"\n');
    await expect.poll(steps).toHaveLength(2);
    expect(await opened.page.locator('img').count()).toBe(0);
  });
});
