/** The golden cases with every image locked to the digest that its tag has anyway: their ops stay the same. */
import { expect, test } from 'vitest';
import { compile } from '../../src/daemonless/compile.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { parseNormalizedNamed } from '../../src/image/reference.ts';
import { pinsOf } from '../../src/lock/pins-of-lock.ts';
import { imageName } from '../../src/lock/source-name.ts';
import { optionsOf } from '../daemonless/golden-options.ts';
import { type GoldenCase, goldenNames, readCase } from '../golden/cases.ts';

/** A pinned context that is an image has its digest in the op, and otherwise not. */
const names = goldenNames().filter((name) => {
  const { opts = {}, forward, inputs } = readCase(name);
  const hasImageContext = Object.values(opts).some((value) => value.startsWith('docker-image:'));
  return !hasImageContext && forward === undefined && inputs === undefined;
});

function lockOf({ images }: GoldenCase) {
  const sources = Object.entries(images).flatMap(([ref, { digest }]) => {
    const reference = parseNormalizedNamed(ref);
    return reference.digest === '' && digest !== ''
      ? [{ kind: 'image' as const, name: imageName(reference), pin: digest }]
      : [];
  });
  return { platforms: ['linux/amd64'], sources };
}

/** The digests of all ops, or the message of the error. */
async function outcome(golden: GoldenCase, pins?: ReturnType<typeof pinsOf>): Promise<readonly string[]> {
  try {
    const options = optionsOf(golden);
    const { definitions } = await compile(options, (bridge) => runFrontend(bridge, { otherFrontends: 'cannot', pins }));
    return [...definitions.values()].flatMap((definition) => definition.ops().map(({ digest }) => digest));
  } catch (error) {
    // The name of an image in an error has its digest.
    return [(error as Error).message.replaceAll(/@sha256:[0-9a-f]{64}/g, '')];
  }
}

test('the cases are enough', () => {
  expect(names.length).toBeGreaterThan(500);
});

test.each(names)('%s has the ops that it has without a lock', async (name) => {
  const golden = readCase(name);
  expect(await outcome(golden, pinsOf(lockOf(golden)))).toEqual(await outcome(golden));
});
