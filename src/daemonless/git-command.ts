/** How git is run for repositories that may be hostile. */
import type { Environment } from '../system/environment-variables.ts';
import { runSubprocess, SubprocessError } from '../system/subprocess.ts';
import { inEnglish, subprocessEnvironment } from '../system/subprocess-environment.ts';

/** Time limit of a fetch with all its steps, in milliseconds. */
export const gitTimeoutMs = 120_000;

/** Settings of every call of git, which override the user's configuration. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never', // would run a command
  'protocol.file.allow=user',
  'fetch.recurseSubmodules=false',
  'gc.auto=0', // no background maintenance
  'maintenance.auto=false',
];

/** Git gives up if a server sends less than a byte per second for this many seconds. */
export const fetchLimits: Environment = { GIT_HTTP_LOW_SPEED_LIMIT: '1', GIT_HTTP_LOW_SPEED_TIME: '8' };

/** Disables all configuration but ours, and all attributes but the repository's, as BuildKit does for a checkout. */
export const noConfiguration: Environment = {
  HOME: '/dev/null',
  XDG_CONFIG_HOME: undefined,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: undefined,
  GIT_ATTR_NOSYSTEM: '1',
};

/** Runs git with further variables, and returns its standard output. */
export type Git = (set: Environment, ...args: string[]) => Promise<Buffer>;

/**
 * Makes a runner of git in a directory.
 *
 * @param env the user's environment, by default that of this process
 */
export function createGit(cwd: string, env: Environment | undefined, signal: AbortSignal): Git {
  const options = settings.flatMap((setting) => ['-c', setting]);
  return async (set, ...args) => {
    const made = subprocessEnvironment(env, { ...inEnglish, GIT_TERMINAL_PROMPT: '0', ...set });
    const { stdout } = await runSubprocess('git', [...options, ...args], { cwd, env: made, signal });
    return stdout;
  };
}

/** What git says about a failure. */
export function explainGit(error: Error): string {
  return (error instanceof SubprocessError && error.reason === 'failed' && error.stderr.trim()) || error.message;
}
