/**
 * The environment of subprocesses. A hook or a CI system may have set variables about the user's own repository, and
 * git would follow them.
 */
import type { Environment } from './environment-variables.ts';

/**
 * The variables of git that subprocesses get: they say how git connects to servers, and where its own files are.
 * All others are about one repository or one command (`git rev-parse --local-env-vars`, and what hooks get besides). In
 * a hook they name the user's repository: with GIT_DIR or GIT_INDEX_FILE, a fetch into a directory of ours would write
 * there.
 */
const passedGitVariables: readonly (readonly [names: RegExp, why: string])[] = [
  [/^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|PROXY_COMMAND|ASKPASS)$/, 'how to connect, and who asks for passwords'],
  [/^GIT_(SSL|PROXY_SSL|HTTP)_/, 'certificates, proxies and limits of HTTP'],
  [/^GIT_(ALLOW_PROTOCOL|PROTOCOL_FROM_USER)$/, 'protocols that the user does not allow'],
  [/^GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$/, "where the user's and the system's configuration is"],
  [/^GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+)$/, 'configuration that CI systems give: credentials, other addresses'],
  [/^GIT_(CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/, 'where repositories may be looked for'],
  [/^GIT_(EXEC_PATH|TRACE.*|CURL_VERBOSE|REDACT_COOKIES)$/, "git's own programs, and traces that the user asked for"],
];

/** Variables that no subprocess gets. */
const droppedVariables: readonly (readonly [names: RegExp, why: string])[] = [
  [/^NODE_(OPTIONS|V8_COVERAGE|CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/, 'about this process of Node alone'],
  [/^npm_/, 'what npm tells the scripts that it runs'],
];

/**
 * The environment of a subprocess: the user's, without variables about another repository or about this process.
 *
 * @param env by default the environment of this process
 * @param set further variables; undefined removes one
 */
export function subprocessEnvironment(env: Environment = process.env, set: Environment = {}): Record<string, string> {
  const made = new Map<string, string>();
  const matches = (table: typeof passedGitVariables, name: string) => table.some(([names]) => names.test(name));
  const keepsConfig = hasWholeConfig(env);
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || matches(droppedVariables, name)) continue;
    if (name.startsWith('GIT_') && !matches(passedGitVariables, name)) continue;
    if (/^GIT_CONFIG_(COUNT|KEY|VALUE)/.test(name) && !keepsConfig) continue;
    made.set(name, value);
  }
  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) made.delete(name);
    else made.set(name, value);
  }
  return Object.fromEntries(made);
}

/** Whether the configuration in variables is complete: otherwise git refuses to run. */
function hasWholeConfig(env: Environment): boolean {
  const count = env['GIT_CONFIG_COUNT'] ?? '';
  if (!/^\d{1,4}$/.test(count)) return false;
  for (let i = 0; i < Number(count); i++)
    if (!env[`GIT_CONFIG_KEY_${i}`] || env[`GIT_CONFIG_VALUE_${i}`] === undefined) return false;
  return true;
}

/** Variables for programs whose messages are parsed: they make the messages English. */
export const inEnglish: Environment = { LC_ALL: 'C', LANGUAGE: undefined };
