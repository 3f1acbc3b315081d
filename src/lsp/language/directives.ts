/** What an editor says about parser directives. */
import type { DirectiveName } from '../../parser/directives.ts';

/** A parser directive for people. */
interface DirectiveText {
  /** One sentence. */
  readonly summary: string;
  /** Values to offer, without those that `completion-comments.ts` finds. */
  readonly values: readonly string[];
}

/** By name. */
export const directiveTexts: Readonly<Record<DirectiveName, DirectiveText>> = {
  syntax: { summary: 'The frontend image that reads this file.', values: ['docker/dockerfile:1'] },
  escape: { summary: 'The character that continues lines and escapes others.', values: ['`', '\\'] },
  check: {
    summary: 'Which checks are left out, and whether findings fail a build.',
    values: ['skip=', 'experimental=', 'error=true'],
  },
};
