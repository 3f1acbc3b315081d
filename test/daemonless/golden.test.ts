/**
 * Offline compilation gives the digests of the gateway: the golden cases, whose expected records were taken from the
 * reference frontend at its gateway, compiled from their files alone.
 */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/daemonless/compile.ts';
import { goldenNames, readCase, readExpected } from '../golden/cases.ts';
import { optionsOf } from './golden-options.ts';

interface Terminal {
  readonly digest: string;
}

interface Expected {
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly ref?: Terminal | null;
    readonly refs?: Readonly<Record<string, Terminal | null>>;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly solves: readonly Solve[];
}

interface Solve {
  readonly frontend?: string;
  readonly definition?: {
    readonly terminal?: Terminal;
    readonly ops: Readonly<Record<string, { readonly source?: { readonly identifier: string } }>>;
  };
}

/** These hold what only the golden gateway has: a file whose name is not a path, gRPC's own words in a message. */
const gatewayOnly = new Set(['context/filename-path', 'subrequests/lint-image-missing-in-unused-stage']);

/** What only a daemon has: inputs, missing capabilities, other frontends, policies, files of remote sources. */
function needsDaemon(name: string): boolean {
  const { inputs, sources, forward, fail, disableCaps, workers } = readCase(name);
  const { solves } = readExpected(name) as unknown as Expected;
  return (
    gatewayOnly.has(name) ||
    [inputs, sources, forward, fail, disableCaps, workers].some((setting) => setting !== undefined) ||
    solves.some(({ frontend }) => frontend) ||
    solves.some(({ definition }) => /^(git|https?):/.test(rootSource(definition)))
  );
}

/** The source that a solve asks for as it is, '' if it is more than a source. */
function rootSource(definition: Solve['definition']): string {
  return definition?.ops[definition.terminal?.digest ?? '']?.source?.identifier ?? '';
}

/** Digests of all ops below a terminal, from the record of the solve that asked for it. */
function recordedOps({ solves }: Expected, terminal: Terminal | null | undefined): string[] {
  const solve = solves.find(({ definition }) => definition?.terminal?.digest === terminal?.digest);
  return Object.keys(solve?.definition?.ops ?? {}).sort();
}

const names = goldenNames().filter((name) => !needsDaemon(name));
const areas = Map.groupBy(names, (name) => name.split('/')[0]!);

for (const [area, cases] of areas) {
  describe(area, () => {
    test.each(cases)('%s gives the ops and the config that the reference recorded', async (name) => {
      const expected = readExpected(name) as unknown as Expected;
      const run = compile(optionsOf(readCase(name)));
      if (expected.error) {
        await expect(run).rejects.toThrow(expected.error.message);
        return;
      }
      const { definitions, metadata } = await run;
      const refs = expected.result?.refs ?? { '': expected.result?.ref ?? null };
      expect([...definitions.keys()].sort()).toEqual(Object.keys(refs).sort());
      for (const [platform, definition] of definitions) {
        const terminal = refs[platform];
        expect(definition.head()).toBe(terminal?.digest ?? '');
        const digests = definition.ops().map(({ digest }) => digest);
        if (terminal) expect(digests.sort()).toEqual(recordedOps(expected, terminal));
      }
      const decode = ([key, value]: readonly [string, Uint8Array]) => [key, Buffer.from(value).toString()];
      expect(Object.fromEntries([...metadata].map(decode))).toEqual(expected.result?.metadata);
    });
  });
}

test('most cases are among these', () => {
  expect(names.length).toBeGreaterThan(700);
});
