import { quote } from '../../go/quote.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** A base image came for another platform than the stage is built for. */
export const invalidBaseImagePlatform = defineRule({
  name: 'InvalidBaseImagePlatform',
  description: 'Base image platform does not match expected target platform',
  url: '',
  message: (image: string, expected: string, actual: string) =>
    `Base image ${image} was pulled with platform ${quote(actual)}, expected ${quote(expected)} for current build`,
});

/** Reports a base image whose platform differs from the expected one. */
export function checkInvalidBaseImagePlatform<P extends { readonly os: string; readonly architecture: string }>(
  linter: Linter,
  place: Place,
  image: string,
  { expected, actual, format }: { readonly expected: P; readonly actual: P; readonly format: (platform: P) => string },
): void {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return;
  linter.report(invalidBaseImagePlatform, place, image, format(expected), format(actual));
}
