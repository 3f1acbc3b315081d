/**
 * The frontend with AddressSanitizer and UBSan: all golden cases, and `FUZZ_INPUTS` inputs (20,000 by default), of
 * which one half are builds and the other half daemons. `FUZZ_SEED` asks for others, `FUZZ_INPUT` for the one of a
 * number.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { goldenNames } from '../golden/cases.ts';
import { inTurns, playGolden, playInputs } from './play-sanitized.ts';
import { buildSanitized, onSanitized } from './sanitized.ts';

const half = Math.ceil(Number(process.env['FUZZ_INPUTS'] ?? 20_000) / 2);

onSanitized('no report of AddressSanitizer and UBSan', () => {
  let program: ReturnType<typeof buildSanitized>;
  beforeAll(() => {
    program = buildSanitized();
  }, 900_000);
  afterAll(() => program?.remove());

  test('the sanitized program gives the golden results', { timeout: 3_600_000 }, async () => {
    const differences: string[] = [];
    await inTurns(program, goldenNames(), async (frontend, name) => {
      differences.push(...(await playGolden(frontend, name)));
    });
    expect(differences).toEqual([]);
  });

  const parts = (['build', 'peer'] as const).flatMap((kind) =>
    Array.from(
      { length: 10 },
      (_, part) => [kind, Math.round((half * part) / 10), Math.round((half * (part + 1)) / 10)] as const,
    ),
  );
  test.each(parts)(
    'inputs that are nearly right: %s, from number %i up to %i',
    { timeout: 3_600_000 },
    (kind, from, to) => playInputs(program, kind, from, to),
  );
});
