/**
 * How a build uses its lock: the build argument TSFRONT_LOCK or a `# lock=` directive says it. Every build loads this.
 */
import { diagnosticError } from '../diagnostic/diagnostic.ts';
import { didYouMean } from '../text/suggest.ts';

/** `off`: not at all. `use`: what is pinned is taken so. `frozen`: and what is not pinned is an error. */
export type LockMode = 'off' | 'use' | 'frozen';

/** All modes. */
export const lockModes = ['use', 'frozen', 'off'] as const satisfies readonly LockMode[];

/** The build argument. */
export const lockBuildArg = 'TSFRONT_LOCK';

/** A comment of the form `# name=value` or `// name=value`. */
const directive = /^(?:#|\/\/)[\t ]*([a-z][a-z0-9]*)[\t ]*=[\t ]*(.*?)[\t ]*$/i;

/**
 * The mode of a build. The argument counts before the directive; off if there is neither.
 *
 * A directive stands among the parser directives (`syntax`, `escape`, `check`) at the top of the file. The reference
 * takes it as a comment that ends them, so it is the last of them.
 *
 * @param argument the value of the build argument; undefined if it is not given
 * @param text the beginning of the Dockerfile
 * @throws DiagnosticError `bad-lock-mode` for any other value
 */
export function lockMode(argument: string | undefined, text: string): LockMode {
  if (argument !== undefined) return checkMode(`the build argument ${lockBuildArg}`, argument);
  let line = 1;
  for (let start = text.charCodeAt(0) === 0xfeff ? 1 : 0; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline + 1;
    const content = text.slice(start, newline < 0 ? next : newline).replace(/\r$/, '');
    const found = directive.exec(content);
    if (!found && !(line === 1 && content.startsWith('#!'))) return 'off';
    if (found && found[1]!.toLowerCase() === 'lock')
      return checkMode('the directive lock', found[2]!, {
        range: { start, end: start + content.length },
        lines: [{ start: line, end: line }],
      });
    start = next;
  }
  return 'off';
}

function checkMode(
  what: string,
  value: string,
  place: Pick<NonNullable<Parameters<typeof diagnosticError>[2]>, 'range' | 'lines'> = {},
): LockMode {
  const mode = lockModes.find((it) => it === value);
  if (mode) return mode;
  const shown = JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}…` : value);
  throw diagnosticError(
    'bad-lock-mode',
    `${what} has the value ${shown}${didYouMean(value, lockModes, false)}: it is use, frozen or off`,
    {
      ...place,
      hint: '`use` takes what Dockerfile.lock pins as it is pinned, and `frozen` also refuses what is not pinned.',
    },
  );
}
