/** Chooses a display for an output. */
import { checkArgument, having, validator } from '../../text/arguments.ts';
import { isDumb, wantsColor } from '../../text/color.ts';
import { printableLine } from '../../text/printable.ts';
import { isGitHubActions } from '../../text/workflow-commands.ts';
import type { Display, DisplayStream, ShownBuilder } from './display.ts';

/** `auto` is `tty` on a terminal and `plain` elsewhere; `quiet` and `none` show nothing. */
export type ProgressMode = 'auto' | 'none' | 'plain' | 'quiet' | 'rawjson' | 'tty';

const modes = ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'];
const aMode = validator(`one of ${modes.join(', ')}`, (value) => modes.includes(value as string));

/**
 * The environment has its say as with BuildKit: NO_COLOR and TERM=dumb mean no colours, TERM=dumb also that `auto` is
 * `plain`; BUILDKIT_COLORS chooses the colours of `tty`, BUILDKIT_TTY_LOG_LINES how many lines of a step's output it
 * shows. In GitHub Actions nothing that a build prints is a command to the runner, and with `auto` the long output of a
 * step folds.
 * @throws Error for `tty` without a terminal
 */
export async function createDisplay(
  mode: ProgressMode,
  out: DisplayStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
  builder?: ShownBuilder,
): Promise<Display> {
  checkArgument('createDisplay', 'mode', mode, aMode);
  checkArgument('createDisplay', 'out', out, having('a stream, as process.stderr', 'write'));
  const display = await displayOf(mode, out, env, builder);
  return Object.assign(display, { drained: (signal?: AbortSignal) => drained(out, signal) });
}

async function displayOf(
  mode: ProgressMode,
  out: DisplayStream,
  env: Readonly<Record<string, string | undefined>>,
  builder: ShownBuilder | undefined,
): Promise<Display> {
  if (mode === 'tty' && !out.isTTY) throw new Error('failed to get console: the output is not a terminal');
  const color = wantsColor(out.isTTY === true, env);
  switch (mode === 'auto' ? (out.isTTY && !isDumb(env) ? 'tty' : 'plain') : mode) {
    case 'tty': {
      const warn = (message: string) => void out.write(`WARNING: ${printableLine(message)}\n`);
      const { parseColors } = await import('./colors.ts');
      const colors = color ? parseColors(env['BUILDKIT_COLORS'], warn) : undefined;
      const logLines = parseLogLines(env['BUILDKIT_TTY_LOG_LINES'], warn);
      return (await import('./tty.ts')).ttyDisplay(out, { colors, logLines, builder });
    }
    case 'plain':
      return (await import('./plain.ts')).plainDisplay(out, { color, builder, runner: gitHubRunner(mode, out, env) });
    case 'rawjson':
      return (await import('./rawjson.ts')).rawJsonDisplay(out);
    default:
      return { update() {}, refresh() {}, done() {} };
  }
}

function drained(out: DisplayStream, signal: AbortSignal | undefined): Promise<void> | undefined {
  if (!out.writableNeedDrain || !out.once) return undefined;
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      for (const event of ['drain', 'close'] as const) out.off?.(event, end);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    for (const event of ['drain', 'close'] as const) out.once?.(event, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

function gitHubRunner(mode: ProgressMode, out: DisplayStream, env: Parameters<typeof isGitHubActions>[0]) {
  if (out.isTTY || !isGitHubActions(env)) return undefined;
  return { folds: mode === 'auto' };
}

function parseLogLines(text: string | undefined, warn: (message: string) => void): number | undefined {
  if (!text) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  warn(`BUILDKIT_TTY_LOG_LINES is ignored: ${JSON.stringify(text)} is not a number of lines`);
  return undefined;
}
