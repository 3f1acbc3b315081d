/** Describes the git repository of the context as buildx does, for the provenance. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../../system/environment-variables.ts';
import { runSubprocess } from '../../system/subprocess.ts';
import { inEnglish, subprocessEnvironment } from '../../system/subprocess-environment.ts';
import { stripCredentials } from '../../text/redact.ts';
import { parseBoolean } from '../options/fields.ts';

/**
 * Returns the frontend options `vcs:…`, and `label:…` with BUILDX_GIT_LABELS. They are omitted if the context is not in
 * a repository or git fails, because a build needs neither.
 */
export async function gitAttrs(
  localDirs: Readonly<Record<string, string>>,
  dockerfile: string,
  env: Environment,
): Promise<Record<string, string>> {
  const { context } = localDirs;
  const labels = env['BUILDX_GIT_LABELS'] === 'full' || isSet(env, 'BUILDX_GIT_LABELS', false);
  const info = isSet(env, 'BUILDX_GIT_INFO', true);
  if (context === undefined || !(labels || info) || !(await isInRepository(context))) return {};

  const git = (...args: string[]) => runGit(context, args, env);
  const [root, commit, source, changes] = await Promise.all([
    git('rev-parse', '--show-toplevel'),
    git('rev-parse', '--verify', 'HEAD'),
    remoteUrl(git),
    isSet(env, 'BUILDX_GIT_CHECK_DIRTY', false) ? git('status', '--porcelain', '--ignored') : '',
  ]);
  if (!root) return {};
  const attrs: Record<string, string> = {};
  const addAttr = (name: string, label: string, value: string) => {
    if (value && info) attrs[`vcs:${name}`] = value;
    if (value && labels) attrs[`label:${label}`] = value;
  };
  addAttr('revision', 'org.opencontainers.image.revision', commit && (changes ? `${commit}-dirty` : commit));
  addAttr('source', 'org.opencontainers.image.source', source);
  if (labels) {
    const entrypoint = await within(root, dockerfile);
    if (entrypoint) attrs['label:com.docker.image.source.entrypoint'] = entrypoint;
  }
  if (info)
    for (const [name, dir] of Object.entries(localDirs)) {
      const place = await within(root, dir);
      if (place !== undefined) attrs[`vcs:localdir:${name}`] = place;
    }
  return attrs;
}

function isSet(env: Environment, name: string, otherwise: boolean): boolean {
  try {
    return parseBoolean(name, env[name] ?? String(otherwise));
  } catch {
    return otherwise;
  }
}

/** Looks for `.git` above before git is started: most contexts that are in no repository cost nothing. */
async function isInRepository(dir: string): Promise<boolean> {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    if (await stat(path.join(at, '.git')).catch(() => undefined)) return true;
    if (at === path.dirname(at)) return false;
  }
}

type Git = (...args: string[]) => Promise<string>;

/** The address of the remote that the branch follows, else of `origin`, else of `upstream`; without credentials. */
async function remoteUrl(git: Git): Promise<string> {
  const followed = await git('rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}');
  for (const remote of [followed.split('/')[0], 'origin', 'upstream']) {
    const url = remote && (await git('remote', 'get-url', remote));
    if (url) return stripCredentials(url);
  }
  return '';
}

async function within(root: string, place: string): Promise<string | undefined> {
  const found = await realpath(place).catch(() => undefined);
  const relative = found === undefined ? '..' : path.relative(root, found);
  return relative === '..' || relative.startsWith(`..${path.sep}`)
    ? undefined
    : relative.replaceAll(path.sep, '/') || '.';
}

const gitTimeoutMs = 5000;

/**
 * Options of git: it does not refresh the index, which may be locked by the git whose hook runs this, and it neither
 * fetches nor prompts.
 */
const onlyReads = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' };

/** Runs git for the repository that contains a directory, even if the environment names another one; '' if it fails. */
async function runGit(dir: string, args: readonly string[], env: Environment): Promise<string> {
  const options = { env: subprocessEnvironment(env, { ...inEnglish, ...onlyReads }), timeoutMs: gitTimeoutMs };
  // A monitor is a program that the repository's own configuration names.
  return runSubprocess('git', ['-c', 'core.fsmonitor=false', '-C', dir, ...args], options).then(
    ({ stdout }) => stdout.toString().trim(),
    () => '',
  );
}
