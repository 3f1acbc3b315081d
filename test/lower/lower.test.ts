import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { deferred, local } from '../../src/llb/index.ts';
import { expandReporting } from '../../src/lower/expand.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { createShellLex, emptyEnv } from '../../src/parser/words.ts';
import { goldenNames, readCase } from '../golden/cases.ts';
import { imageConfig, lower, stepNames } from './lowering.ts';

const lines = (...text: string[]) => text.join('\n');

/** The error of a lowering with its locations. */
async function failure(...args: Parameters<typeof lower>) {
  try {
    await lower(...args);
  } catch (error) {
    const locations = findDiagnosticError(error)?.diagnostics[0].lines.map((place) => place?.start);
    return { message: (error as Error).message, locations };
  }
  throw new Error('lowering did not fail');
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

describe('the syntax tree', () => {
  test('stays as it is, so that it can be lowered again for another platform', async () => {
    const images = {
      'docker.io/library/alpine:3.20': imageConfig(),
      'docker.io/library/busybox:latest': imageConfig(),
    };
    let compared = 0;
    for (const name of goldenNames()) {
      const dockerfile = readCase(name).files.get('Dockerfile');
      if (typeof dockerfile !== 'string') continue;
      const tree = deepFreeze(parseDockerfile(dockerfile));
      const outcomes: string[] = [];
      for (let i = 0; i < 2; i++) {
        try {
          const { definition } = await lower(tree, { images });
          outcomes.push(Buffer.concat(definition.def).toString('hex'));
          compared++;
        } catch (error) {
          expect(error, name).not.toBeInstanceOf(TypeError);
          outcomes.push((error as Error).message);
        }
      }
      expect(outcomes[1], name).toBe(outcomes[0]);
    }
    expect(compared).toBeGreaterThan(500);
  });
});

describe('stages', () => {
  test('only stages that the target needs are resolved and evaluated', async () => {
    const text = lines(
      'FROM unused:1 AS unused',
      'RUN echo ${X?never looked at}',
      'FROM alpine AS base',
      'FROM base',
      'RUN make',
    );
    const result = await lower(text);
    expect(result.asked).toEqual(['docker.io/library/alpine:latest']);
  });

  test('a stage that is not needed must be based on a valid name nevertheless', async () => {
    const text = lines('FROM Unused AS unused', 'FROM alpine', 'RUN make');
    expect(await failure(text)).toEqual({
      message:
        'failed to parse stage name "Unused": invalid reference format: repository name (library/Unused) must be lowercase',
      locations: [1],
    });
  });

  test('a base is looked up as it is written, a --from and a target in any casing', async () => {
    const text = lines('FROM alpine AS Build', 'RUN make', 'FROM scratch', 'COPY --from=BUILD /a /b');
    expect(stepNames(await lower(text))).toContain('[build 2/2] RUN make');
    expect(stepNames(await lower(text, { options: { target: 'bUILD' } }))).toContain('[build 2/2] RUN make');
    expect((await failure(lines('FROM alpine AS build', 'FROM Build'))).message).toMatch(/must be lowercase$/);
  });

  test('an unknown target comes with a suggestion and without a place', async () => {
    expect(await failure('FROM alpine AS build', { options: { target: 'biuld' } })).toEqual({
      message: 'target stage "biuld" could not be found (did you mean build?)',
      locations: [],
    });
  });

  test('stages that read from each other are an error at the instructions that do', async () => {
    const text = lines(
      'FROM alpine AS a',
      'COPY --from=b /x /x',
      'FROM alpine AS b',
      'RUN true',
      'COPY --from=a /x /x',
      'FROM a',
    );
    expect(await failure(text)).toEqual({
      message: 'circular dependency detected on stage: a',
      locations: [2, 5],
    });
  });

  test('copying from a stage further down fails at the COPY', async () => {
    const text = lines('FROM alpine AS a', 'FROM a AS b', 'COPY --from=c /x /x', 'FROM alpine AS c', 'FROM b');
    expect(await failure(text)).toEqual({
      message: 'cannot copy from stage "c", it needs to be defined before current stage "b"',
      locations: [3],
    });
  });

  test('chains of thousands of stages do not exhaust the stack', async () => {
    const stages = Array.from({ length: 5000 }, (_, i) => `FROM scratch AS s${i + 1}\nCOPY --from=s${i} /a /b`);
    const { definition } = await lower(lines('FROM alpine AS s0', ...stages));
    expect(definition.def).toHaveLength(5002);
  });
});

describe('base images', () => {
  const three = lines(
    'FROM one AS a',
    'FROM two AS b',
    'FROM three AS c',
    'FROM scratch',
    'COPY --from=a / /',
    'COPY --from=b / /',
    'COPY --from=c / /',
  );
  const names = ['one', 'two', 'three'].map((name) => `docker.io/library/${name}:latest`);

  test('base images are asked for all at once', async () => {
    let waiting = 0;
    let release = () => {};
    const all = new Promise<void>((resolve) => (release = resolve));
    const images = Object.fromEntries(names.map((name) => [name, imageConfig()]));
    const { asked } = await lower(three, {
      images,
      beforeAnswer() {
        if (++waiting === 3) release();
        return all;
      },
    });
    expect([...asked].sort()).toEqual([...names].sort());
  });

  test('the error is the same whatever answers first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(names, { minLength: 3 }), async (order) => {
        const { message, locations } = await failure(three, {
          beforeAnswer: (ref) => setTimeout(order.indexOf(ref) * 2).then(() => {}),
        });
        expect(message).toBe(
          'three: docker.io/library/three:latest: not found\n2 more problems:\n' +
            '  line 1: one: docker.io/library/one:latest: not found\n  line 2: two: docker.io/library/two:latest: not found',
        );
        expect(locations).toEqual([3]);
      }),
      { numRuns: 12 },
    );
  });

  test('a bad name is reported before anything is waited for', async () => {
    const text = lines('FROM one AS a', 'FROM T:w:o AS b', 'FROM three', 'COPY --from=a / /', 'COPY --from=b / /');
    const { locations } = await failure(text, { beforeAnswer: () => new Promise(() => {}) });
    expect(locations).toEqual([2]);
  });

  test('the daemon’s own error stays within reach, and a close name is suggested', async () => {
    const cause = new Error('the daemon says no');
    const beforeAnswer = () => Promise.reject(cause);
    const error = await lower('FROM alpin', { beforeAnswer }).catch((e: Error) => e);
    expect((error as Error).message).toBe('alpin: the daemon says no (did you mean alpine?)');
    let root: unknown = error;
    while (root instanceof Error && root.cause) root = root.cause;
    expect(root).toBe(cause);
  });

  test('a base image without layers adds no op', async () => {
    const empty = imageConfig({}, { rootfs: { type: 'layers' }, history: [{ empty_layer: true }] });
    const { definition } = await lower('FROM empty', { images: { 'docker.io/library/empty:latest': empty } });
    expect(definition.def).toEqual([]);
  });

  test('an image brings its own platform if none is wanted and it can be built for', async () => {
    const images = { 'docker.io/library/alpine:latest': imageConfig({}, { architecture: 'arm64' }) };
    const amd64 = { os: 'linux', architecture: 'amd64', variant: '', osVersion: '', osFeatures: [] };
    const arm64 = { ...amd64, architecture: 'arm64' };
    const built = async (buildPlatforms: (typeof amd64)[]) =>
      (await lower('FROM alpine', { images, options: { buildPlatforms } })).definition.ops()[0]!.op.platform
        ?.Architecture;
    expect(await built([amd64, arm64])).toBe('arm64');
    expect(await built([amd64])).toBe('amd64');
  });
});

describe('named contexts', () => {
  test('a named context takes the place of a stage with all its instructions', async () => {
    const text = lines('FROM nowhere AS base', 'RUN never', 'FROM base', 'COPY --from=base /a/b /', 'RUN make');
    const result = await lower(text, { contexts: { base: () => local('other') } });
    expect(result.asked).toEqual([]);
    expect(stepNames(result)).toEqual(['[stage-1 1/2] COPY --from=base /a/b /', '[stage-1 2/2] RUN make']);
  });

  test('named contexts are told which of their paths are read, once all stages are lowered', async () => {
    const seen: unknown[] = [];
    const contexts = {
      base: ({ followPaths }: { followPaths: () => readonly string[] | undefined }) =>
        deferred(() => {
          seen.push(followPaths());
          return local('other');
        }),
    };
    await lower(lines('FROM scratch', 'COPY --from=base /b/c x /', 'COPY --from=base /a /'), { contexts });
    expect(seen).toEqual([['b/c', 'x'], ['a']]);
  });

  test('scratch and context are not for the taking', async () => {
    const contexts = {
      scratch: () => {
        throw new Error('asked');
      },
    };
    await expect(lower(lines('FROM scratch AS Scratch', 'COPY a /'), { contexts })).resolves.toBeDefined();
  });
});

describe('the main context', () => {
  test('the main context is asked for the paths that are read', async () => {
    const text = lines('FROM scratch', 'COPY b/ a ./x/../c /', 'ADD d https://example.com/e /');
    expect((await lower(text)).followed).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the main context is needed whole where a root is copied or mounted', async () => {
    expect((await lower(lines('FROM scratch', 'COPY a /', 'COPY . /'))).followed).toBeUndefined();
    expect((await lower(lines('FROM alpine', 'COPY a /', 'RUN --mount=target=/src make'))).followed).toBeUndefined();
  });
});

describe('lint', () => {
  test('violations fail the build if they shall, after all are found', async () => {
    const text = lines('FROM alpine', 'WORKDIR a', 'COPY $nope /');
    const check = { skip: [], experimental: [], error: true } as const;
    expect((await failure(text, { check })).message).toBe(
      'lint violation found for rules: WorkdirRelativePath, UndefinedVar',
    );
  });

  test('a variable that is not set is reported even where that is an error', () => {
    const reported: string[] = [];
    const lex = createShellLex({ escape: '\\' });
    expect(() => expandReporting(lex, '$A${B:?no B}', emptyEnv, (names) => reported.push(...names))).toThrow('B: no B');
    expect(reported).toEqual(['A', 'B']);
  });
});
