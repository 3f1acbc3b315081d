/** A hundredth of sanitized.attack.ts. */
import { afterAll, beforeAll, test } from 'vitest';
import { playInputs } from './play-sanitized.ts';
import { buildSanitized, onSanitized } from './sanitized.ts';

onSanitized('no report of AddressSanitizer and UBSan', () => {
  let program: ReturnType<typeof buildSanitized>;
  beforeAll(() => {
    program = buildSanitized();
  }, 900_000);
  afterAll(() => program?.remove());

  test.each(['build', 'peer'] as const)('inputs that are nearly right: %s', { timeout: 600_000 }, (kind) =>
    playInputs(program, kind, 0, 100),
  );
});
