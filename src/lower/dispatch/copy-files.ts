/** What COPY and ADD have in common. */
import { createHash } from 'node:crypto';
import { copyIgnoredFile } from '../../check/copy-rules.ts';
import { join } from '../../go/path.ts';
import { quote } from '../../go/quote.ts';
import { encodeText } from '../../go/text.ts';
import { formatPlatform } from '../../image/platform.ts';
import { isAbsolutePath, normalizePath, removeDriveLetter, toSlash } from '../../image/system-path.ts';
import { copy, type FileAction, merge, mkfile, scratch } from '../../llb/index.ts';
import type { Constraints, CopyOptions } from '../../llb/options.ts';
import type { State } from '../../llb/state.ts';
import type { SourceContent } from '../../parser/ast.ts';
import type { PatternMatcher } from '../../parser/pattern-matcher.ts';
import { isSupported } from '../capabilities.ts';
import { wrapError } from '../errors.ts';
import { gitSource, gitState, httpFilename, httpState, isGitSource, isHttpSource } from '../remote-source.ts';
import { commandDescription, sourceLocations } from '../source-location.ts';
import { instructionText, nextStepName, stepName } from '../step-name.ts';
import { parseChmod } from './chmod.ts';
import { commit, type Dispatch, expander, shownPlatform } from './instruction.ts';

/** A COPY or ADD with its variables expanded; '' stands for a flag that was not given. */
export interface Copy {
  readonly command: 'COPY' | 'ADD';
  readonly code: string;
  /** Where local sources are. */
  readonly from: State;
  readonly sources: readonly string[];
  readonly contents: readonly SourceContent[];
  readonly dest: string;
  readonly chown: string;
  readonly chmod: string;
  readonly exclude: readonly string[];
  readonly link: boolean;
  readonly parents: boolean;
  /** What .dockerignore leaves out of the source. */
  readonly ignored: PatternMatcher | undefined;
  readonly checksum: string;
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
}

/** Expands the variables in files given inline, unless their delimiter was quoted. */
export function expandContents(dispatch: Dispatch, contents: readonly SourceContent[]): readonly SourceContent[] {
  if (contents.length === 0) return contents;
  const expand = expander(dispatch, dispatch.context.lexers.content);
  return contents.map((content) => (content.expand ? { ...content, data: expand(content.data) } : content));
}

export function copyFiles(dispatch: Dispatch, wanted: Copy): void {
  const { context, stage, lines } = dispatch;
  const platform = stage.platform!;
  const dest = destination(stage.state, wanted.dest, platform.os);
  const shared: CopyOptions = {
    mode: wanted.chmod === '' ? undefined : parseChmod(wanted.chmod),
    owner: wanted.chown === '' ? undefined : wanted.chown,
    excludePatterns: wanted.exclude,
    createDestPath: true,
  };
  checkChecksum(wanted);

  const env = stage.state.env();
  const shown = shownPlatform(dispatch, platform);
  const text = instructionText(wanted.code, context.lexers.word, env);
  const name = nextStepName(stage, text, shown, env);
  const action = addInlineFiles(dispatch, wanted, addSources(dispatch, wanted, name, dest, shared), dest, shared)!;

  const constraints: Constraints = {
    customName: name,
    locations: sourceLocations(context.options.sourceMap, lines),
    ignoreCache: stage.ignoreCache,
  };
  if (wanted.link && wanted.chmod === '' && isSupported(context, 'merge')) {
    const id = progressGroupId(`${formatPlatform(context.platforms.target)} ${lines.start} ${name}`);
    const layer = scratch().file(action, {
      platform,
      ...constraints,
      progressGroup: { id, name, weak: true },
    });
    const merged = merge([stage.state, layer], {
      ...constraints,
      customName: stepName(stage, `LINK ${text}`, shown, env),
      progressGroup: { id, name, weak: false },
    });
    stage.state = stage.state.withOutput(merged);
  } else stage.state = stage.state.file(action, constraints);
  commit(dispatch, `${describe(wanted)} # buildkit`, true);
}

/** The destination as seen from the working directory; a slash at its end stays. */
function destination(state: State, dest: string, os: string): string {
  let path: string;
  try {
    path = removeDriveLetter(dest, os, true);
  } catch (error) {
    throw wrapError(error, 'removing drive letter');
  }
  if (isAbsolutePath(path, os)) return normalizePath('/', path, os, true);
  return normalizePath(state.getDir(), path === '.' || path === '' ? './' : path, os, true);
}

function checkChecksum({ checksum, sources: [source, ...more] }: Copy): void {
  if (checksum === '') return;
  if (source === undefined || more.length > 0) throw new Error("checksum can't be specified for multiple sources");
  if (!isHttpSource(source) && !isGitSource(source)) throw new Error('checksum requires HTTP(S) or Git sources');
}

/** The entry in the image's history. */
function describe({ command, parents, chown, chmod, sources, contents, dest }: Copy): string {
  return [
    command,
    ...(parents ? ['--parents'] : []),
    ...(chown === '' ? [] : [`--chown=${chown}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
    ...sources,
    ...contents.map(({ path }) => `<<${path}`),
    dest,
  ].join(' ');
}

function append(
  action: FileAction | undefined,
  from: State,
  source: string,
  dest: string,
  options: CopyOptions,
): FileAction {
  return action ? action.copy(from, source, dest, options) : copy(from, source, dest, options);
}

function addSources(
  dispatch: Dispatch,
  wanted: Copy,
  name: string,
  dest: string,
  shared: CopyOptions,
): FileAction | undefined {
  let action: FileAction | undefined;
  // What a git URL says about these also counts for the sources behind it.
  let { keepGitDir, checksum } = wanted;
  for (const source of wanted.sources) {
    const ref = gitSource(source);
    if (ref) {
      if (wanted.command === 'COPY') throw new Error("source can't be a git ref for COPY");
      if (keepGitDir !== undefined && ref.keepGitDir !== undefined && keepGitDir !== ref.keepGitDir)
        throw new Error('inconsistent keep-git-dir configuration');
      keepGitDir = ref.keepGitDir ?? keepGitDir;
      if (checksum !== '' && ref.checksum !== '' && checksum !== ref.checksum)
        throw new Error(`checksum mismatch ${quote(checksum)} != ${quote(ref.checksum)}`);
      checksum = ref.checksum || checksum;
      const state = gitState(ref, { customName: name, keepGitDir: keepGitDir ?? false, checksum });
      action = append(action, state, '/', dest, shared);
    } else if (isHttpSource(source)) {
      if (wanted.command === 'COPY') throw new Error("source can't be a URL for COPY");
      const state = httpState(source, checksum, { customName: name, description: commandDescription('') });
      const options = { ...shared, attemptUnpack: wanted.unpack ?? false };
      action = append(action, state, httpFilename(source), dest, options);
    } else {
      const { linter, lines, stage } = dispatch;
      copyIgnoredFile(linter, lines, wanted.command === 'COPY' ? 'Copy' : 'Add', source, wanted.ignored);
      const { path, ...options } = localSource(wanted, source, stage.platform!.os);
      action = append(action, wanted.from, path, dest, { ...shared, ...options });
    }
  }
  return action;
}

/** A source within a context or stage; with --parents the part behind `/./` keeps its directories. */
function localSource({ command, parents, unpack }: Copy, source: string, os: string): CopyOptions & { path: string } {
  const normalize = (path: string) => {
    try {
      return normalizePath('/', path, os, false);
    } catch (error) {
      throw wrapError(error, 'removing drive letter');
    }
  };
  const options: CopyOptions = {
    followSymlinks: true,
    copyDirContentsOnly: true,
    attemptUnpack: unpack ?? command === 'ADD',
    allowWildcard: true,
    allowEmptyWildcard: true,
  };
  if (!parents) return { ...options, path: normalize(source) };

  const pivot = source.indexOf('/./');
  const parent = pivot < 0 ? '/' : source.slice(0, pivot);
  const pattern = normalize(pivot < 0 ? source : source.slice(pivot + 3));
  const path = normalize(parent);
  const isPlain = !hasWildcard(parent) && !hasWildcard(pattern);
  return {
    ...options,
    path,
    includePatterns: [pattern.startsWith('/') ? pattern.slice(1) : pattern],
    requiredPaths: isPlain ? [normalize(join(parent, pattern))] : undefined,
  };
}

function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\.?/gs, ''));
}

function addInlineFiles(
  { stage }: Dispatch,
  { contents }: Copy,
  sources: FileAction | undefined,
  dest: string,
  shared: CopyOptions,
): FileAction | undefined {
  const platform = stage.platform!;
  let action = sources;
  for (const { path, data } of contents) {
    let file: string;
    try {
      file = removeDriveLetter(path, platform.os, false);
    } catch (error) {
      throw wrapError(error, 'removing drive letter');
    }
    const state = scratch().file(mkfile(file, 0o644, encodeText(data)), {
      customName: '[internal] preparing inline document',
      platform,
    });
    action = append(action, state, toSlash(file, platform.os), dest, shared);
  }
  return action;
}

/** Like the random ids of other clients in form, but the same whenever the same is compiled. */
function progressGroupId(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, 25);
}
