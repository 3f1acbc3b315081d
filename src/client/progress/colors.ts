/** The colours of a live display, and BUILDKIT_COLORS, which changes them. */
import { didYouMean } from '../../text/suggest.ts';

/** Escape sequences; '' for none. */
export interface Colors {
  readonly run: string;
  readonly cancel: string;
  readonly error: string;
  readonly warning: string;
}

const foreground = (code: number) => `\x1b[${code}m`;

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const colorsByName = new Map<string, string>([
  ['default', foreground(39)],
  ...names.map((name, i): [string, string] => [name, foreground(30 + i)]),
  ...names.map((name, i): [string, string] => [`light-${name}`, foreground(90 + i)]),
]);

const defaults: Colors = {
  run: colorsByName.get('blue')!,
  cancel: colorsByName.get('yellow')!,
  error: colorsByName.get('red')!,
  warning: colorsByName.get('yellow')!,
};

/**
 * Parses `run=green:error=light-red:cancel=255,165,0`: a name, or red, green and blue, for each of run, cancel, error
 * and warning.
 * @param warn called for each invalid entry
 */
export function parseColors(text: string | undefined, warn: (message: string) => void): Colors {
  const colors: Record<string, string> = { ...defaults };
  for (const entry of (text ?? '').split(':').filter((it) => it.trim() !== '')) {
    const [, key = '', value = ''] = /^\s*"?([^=]*)=([^="]*)"?\s*$/.exec(entry) ?? [];
    const name = key.toLowerCase();
    const color = colorsByName.get(value.toLowerCase()) ?? rgb(value);
    const about = `BUILDKIT_COLORS: ${JSON.stringify(entry)} is ignored`;
    if (key === '') warn(`${about}: expected a part, = and a colour`);
    else if (!Object.hasOwn(defaults, name))
      warn(
        `${about}: ${key} is not one of run, cancel, error and warning${didYouMean(name, Object.keys(defaults), true)}`,
      );
    else if (color === undefined)
      warn(
        `${about}: expected a colour's name${didYouMean(value, colorsByName.keys(), false)} or RED,GREEN,BLUE of 0 to 255`,
      );
    else colors[name] = color;
  }
  return colors as unknown as Colors;
}

/** The nearest of the 216 colours that terminals with 256 have. */
function rgb(value: string): string | undefined {
  const parts = value.split(',').map((part) => (/^\d{1,3}$/.test(part.trim()) ? Number(part) : 256));
  if (parts.length !== 3 || parts.some((part) => part > 255)) return undefined;
  const [red, green, blue] = parts.map((part) => Math.round((part / 255) * 5)) as [number, number, number];
  return `\x1b[38;5;${16 + 36 * red + 6 * green + blue}m`;
}
