/** The portable core in a browser: what it sends for golden cases is what the reference has sent. */
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { type GoldenCase, goldenNames, readCase, readExpected } from '../golden/cases.ts';
import { compare, firstDifferences, normalize } from '../golden/lib/compare.mjs';
import { createDaemon, environmentOf } from '../golden/lib/daemon.mjs';
import { play } from '../golden/play.ts';
import { dumpPage, onChromium } from './chromium.ts';
import type { Call, PageBuild } from './page.ts';

/**
 * Cases of every kind that return a result, as many as there are for each part of the language; a browser unpacks
 * nothing.
 */
const names = goldenNames()
  .filter((name) => 'result' in readExpected(name) && !/archive|tar/.test(name))
  .filter((_, index, all) => Math.floor((index * 50) / all.length) !== Math.floor(((index - 1) * 50) / all.length));

/** What a frontend on Node calls, with the daemon's answers. */
async function record(golden: GoldenCase): Promise<PageBuild> {
  const calls: Call[] = [];
  await play(golden, (method, request, answer) => {
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const call = { method, request: base64(request) };
    if (answer instanceof Uint8Array) calls.push({ ...call, answer: base64(answer) });
    else calls.push({ ...call, error: { code: answer.code, message: answer.message } });
  });
  return { environment: environmentOf(golden), calls };
}

/** The bundle for browsers: esbuild fails if any module of Node is in it. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/page.ts`],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

onChromium('golden cases in a browser', () => {
  let played: (Pick<Call, 'method' | 'request'>[] | string)[];
  beforeAll(async () => {
    const builds = await Promise.all(names.map((name) => record(readCase(name))));
    const data = JSON.stringify(builds).replaceAll('<', '\\u003c');
    const page = `<!doctype html><meta charset="utf-8"><pre id="out"></pre><script>
const builds = ${data};
const show = (text) => { document.getElementById('out').textContent = btoa(unescape(encodeURIComponent(text))); };
${await bundle()}</script>`;
    const dom = await dumpPage(page);
    const shown = /<pre id="out">([^<]+)<\/pre>/.exec(dom)?.[1];
    if (!shown) throw new Error(`the page shows nothing:\n${dom.slice(-2000)}`);
    played = JSON.parse(Buffer.from(shown, 'base64').toString()) as typeof played;
  });

  test('the corpus has 50 cases', () => expect(played).toHaveLength(50));

  test.each(names.map((name, index) => [name, index] as const))(
    '%s gives what the reference recorded',
    (name, index) => {
      const calls = played[index]!;
      if (typeof calls === 'string') expect.fail(calls);
      const daemon = createDaemon(readCase(name));
      for (const { method, request } of calls) {
        try {
          daemon.call(method, Buffer.from(request, 'base64'));
        } catch {
          // An answer, too.
        }
      }
      const { details } = compare(readExpected(name), normalize(daemon.record));
      const differences = Object.entries(details).flatMap(([part, { want, got }]) => [
        part,
        ...firstDifferences(want, got),
      ]);
      expect(differences, differences.join('\n')).toEqual([]);
    },
  );
});
