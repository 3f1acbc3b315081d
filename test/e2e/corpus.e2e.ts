/**
 * The corpus, built by the engine's own frontend and by tsfront: files, modes, owners and image config must be equal,
 * and each must find every step of the other in the cache. Where the engine tells the ops, these must be equal too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { onEngines } from '../engine/on-engines.ts';
import { type BuiltImage, buildAndRead, tellsOps, uncachedSteps, writeDockerfile } from './build.ts';
import { type Case, removeContext, writeContext } from './case.ts';
import { copies } from './corpus/copy.ts';
import { runs } from './corpus/run.ts';
import { stages } from './corpus/stages.ts';
import { type Fixtures, startFixtures } from './fixtures.ts';
import { pushImage } from './frontend-image.ts';
import type { ExportedImage } from './read-image.ts';

type Frontend = 'own' | 'tsfront';

await onEngines('the corpus', {}, (engine) => {
  const cases = [...stages, ...copies, ...runs].filter(({ not }) => !not?.[engine.suite]);
  const missedSteps = new Map<string, string[]>();
  const fresh = new Map<string, Partial<Record<Frontend, BuiltImage>>>();
  let fixtures: Fixtures;
  let syntax: string;

  beforeAll(async () => {
    fixtures = await startFixtures(engine);
    syntax = await pushImage(engine);
  });
  afterAll(() => fixtures?.close());

  // What is in the cache has to come from the other frontend. That of a user's own daemon is not ours to empty.
  const mayEmpty = engine.suite !== 'own';
  const anew = mayEmpty ? [] : ['--no-cache'];

  async function build(given: Case, frontend: Frontend, more: readonly string[] = []): Promise<BuiltImage> {
    const context = writeContext(given.files ?? {});
    const beside = writeContext({});
    try {
      const line = frontend === 'tsfront' ? `# syntax=${syntax}\n` : '';
      const dockerfile = writeDockerfile(beside, line + fixtures.fill(given.dockerfile));
      const args = [...(given.args ?? []).map((arg) => fixtures.fill(arg, context)), ...more];
      const times = args.some((arg) => arg.startsWith('SOURCE_DATE_EPOCH='));
      return await buildAndRead(engine, ['-f', dockerfile, ...args, context], { times });
    } finally {
      removeContext(context);
      removeContext(beside);
    }
  }
  const isComparable = ({ comparable }: Case) => !comparable || comparable.some((suite) => suite === engine.suite);
  const files = (built: BuiltImage) => built.images.map((image) => image.files);

  for (const [first, second] of [
    ['own', 'tsfront'],
    ['tsfront', 'own'],
  ] as const) {
    describe(`${first} first, ${second} from its cache`, () => {
      beforeAll(() => (mayEmpty ? emptyCache(engine) : undefined));
      test.for(cases.filter(isComparable))('$name is built equally', async (given) => {
        const filled = await build(given, first, anew);
        fresh.set(given.name, { ...fresh.get(given.name), [first]: filled });
        const cached = await build(given, second);
        const missed = uncachedSteps(cached.progress);
        if (!given.otherCache?.[engine.suite]) expect(missed).toEqual([]);
        else missedSteps.set(given.name, [...(missedSteps.get(given.name) ?? []), ...missed]);
        expect(files(cached)).toEqual(files(filled));
        unless(given.otherConfig?.[engine.suite], () => expect(cached.images).toEqual(filled.images));
      });
    });
  }

  test.for(cases.filter(({ makes }) => makes))('tsfront makes what it should: $name', async (given) => {
    const withoutTime = (image?: ExportedImage) => (image?.files ?? []).map((line) => line.replace(/ @\d+$/, ''));
    const hasBase = given.dockerfile.includes('FROM @BASE@');
    const base = hasBase ? await build({ name: 'the base', dockerfile: 'FROM @BASE@\n' }, 'tsfront') : undefined;
    const inBase = new Set(withoutTime(base?.images[0]));
    const made = withoutTime((await build(given, 'tsfront')).images[0]).filter((line) => !inBase.has(line));
    expect(made.map((line) => line.replace(/ type \d mode (\d+) owner (\S+) .*/, ' $1 $2'))).toEqual(given.makes);
  });
  test('every case is compared or has what it makes', () => {
    expect(cases.filter((given) => !isComparable(given) && !given.makes)).toEqual([]);
  });

  test.for(cases.filter((given) => isComparable(given) && given.otherCache?.[engine.suite]))(
    'a case that is known to miss the cache of one of the two still does: $name',
    ({ name }) => expect(missedSteps.get(name)).not.toEqual([]),
  );

  // Both frontends have built each case from an empty cache by now.
  test.for(cases.filter(isComparable))('both frontends build the same files anew: $name', ({ name, otherConfig }) => {
    const { own, tsfront } = fresh.get(name)!;
    expect(files(tsfront!)).toEqual(files(own!));
    unless(otherConfig?.[engine.suite], () => expect(tsfront!.images).toEqual(own!.images));
  });

  test.for(tellsOps(engine) ? cases.filter(isComparable) : [])(
    'both frontends make the same ops: $name',
    ({ name, otherCache }) => {
      const { own, tsfront } = fresh.get(name)!;
      expect(own!.ops.length).toBeGreaterThan(0);
      unless(otherCache?.[engine.suite], () => expect(tsfront!.ops).toEqual(own!.ops));
    },
  );
});

/** Holds an expectation, or, where there is a reason why it does not hold, that it still does not. */
function unless(reason: string | undefined, hold: () => void): void {
  if (reason === undefined) hold();
  else expect(hold, `no longer true: ${reason}`).toThrow();
}

function emptyCache(engine: Engine): Promise<string> {
  return engine.must('docker', ['builder', 'prune', '--all', '--force'], { timeout: 120_000 });
}
