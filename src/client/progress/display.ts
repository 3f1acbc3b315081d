/** Shows the progress of a build. */
import { isDumb, wantsColor } from '../../text/color.ts';
import { printableLine } from '../../text/printable.ts';
import { isGitHubActions } from '../../text/workflow-commands.ts';
import type { StatusUpdate, VertexWarning } from '../status.ts';

/** Where a display writes: a stream such as `process.stderr`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Display {
  update(update: StatusUpdate): void;
  /** Called regularly, so that clocks go on. */
  refresh(): void;
  done(): void;
}

/** `auto` is `tty` on a terminal and `plain` elsewhere; `quiet` and `none` show nothing. */
export type ProgressMode = 'auto' | 'none' | 'plain' | 'quiet' | 'rawjson' | 'tty';

/** The builder of buildx that a build runs on, which the display names. */
export interface ShownBuilder {
  readonly name: string;
  readonly driver: string;
}

const REFRESH_MS = 150;

/**
 * The environment has its say as with BuildKit: NO_COLOR and TERM=dumb mean no colours, TERM=dumb also that `auto` is
 * `plain`; BUILDKIT_COLORS chooses the colours of `tty`, BUILDKIT_TTY_LOG_LINES how many lines of a step's output it shows.
 * In GitHub Actions nothing that a build prints is a command to the runner, and with `auto` the long output of a step folds.
 * @throws Error for `tty` without a terminal
 */
export async function createDisplay(
  mode: ProgressMode,
  out: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
  builder?: ShownBuilder,
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
      return (await import('./plain.ts')).plainDisplay(out, { color, builder, runner: runnerOf(mode, out, env) });
    case 'rawjson':
      return (await import('./rawjson.ts')).rawJsonDisplay(out);
    default:
      return { update() {}, refresh() {}, done() {} };
  }
}

function runnerOf(mode: ProgressMode, out: Output, env: Parameters<typeof isGitHubActions>[0]) {
  if (out.isTTY || !isGitHubActions(env)) return undefined;
  return { folds: mode === 'auto' };
}

function parseLogLines(text: string | undefined, warn: (message: string) => void): number | undefined {
  if (!text) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  warn(`BUILDKIT_TTY_LOG_LINES is ignored: ${JSON.stringify(text)} is no number of lines`);
  return undefined;
}

/** Feeds a display until the build ends. @returns the build's warnings; one that several platforms give is there once */
export async function showProgress(status: AsyncIterable<StatusUpdate>, display: Display): Promise<VertexWarning[]> {
  const warnings = new Map<string, VertexWarning>();
  const timer = setInterval(() => display.refresh(), REFRESH_MS);
  let refreshed = 0;
  try {
    for await (const update of status) {
      display.update(update);
      for (const warning of update.warnings) {
        const { short, detail, url, source, ranges } = warning;
        const lines = ranges.map(({ start, end }) => [start?.line, start?.character, end?.line, end?.character]);
        const key = JSON.stringify([short, detail, url, source?.filename, lines]);
        if (!warnings.has(key)) warnings.set(key, warning);
      }
      if (Date.now() - refreshed < REFRESH_MS) continue;
      refreshed = Date.now();
      display.refresh();
    }
  } finally {
    clearInterval(timer);
    display.done();
  }
  return [...warnings.values()];
}
