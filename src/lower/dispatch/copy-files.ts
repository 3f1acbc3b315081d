/** The common part of COPY and ADD. */
import { host } from '#host';
import { checkCopyIgnoredFile } from '../../buildkit-rules/rules/copy-ignored-file.ts';
import { DiagnosticError, describeError } from '../../diagnostic/diagnostic.ts';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { GitQueryError } from '../../git/ref.ts';
import { hasWildcard } from '../../go/match.ts';
import { join } from '../../go/path.ts';
import { quote } from '../../go/quote.ts';
import { encodeText } from '../../go/text.ts';
import { formatPlatform } from '../../image/platform.ts';
import { isAbsolutePath, normalizePath, removeDriveLetter, toSlash } from '../../image/system-path.ts';
import { type Constraints, type CopyOptions, copy, type FileAction, merge, mkfile, scratch } from '../../llb/index.ts';
import type { State } from '../../llb/state.ts';
import type {
  AddFlags,
  AddInstruction,
  CopyFlags,
  CopyInstruction,
  FileFlags,
  Flag,
  SourceContent,
  Word,
} from '../../parser/ast.ts';
import type { PatternMatcher } from '../../parser/ignore/pattern-matcher.ts';
import { wrapError } from '../../text/error-message.ts';
import { isSupported } from '../daemon-capabilities.ts';
import {
  gitSource,
  gitState,
  httpFilename,
  httpState,
  isGitSource,
  isHttpSource,
  queryRange,
} from '../remote-source.ts';
import { commandDescription } from '../source-location.ts';
import { instructionText, nextStepName, stepName } from '../step-name.ts';
import { parseChmod } from './chmod.ts';
import {
  atPart,
  commit,
  createExpand,
  type Dispatch,
  dispatchError,
  flagRange,
  shownPlatform,
  tryPart,
} from './instruction.ts';

/** The flags of both instructions. The other instruction's are absent. */
interface Flags
  extends FileFlags,
    Partial<Omit<CopyFlags, 'from' | keyof FileFlags>>,
    Partial<Omit<AddFlags, keyof FileFlags>> {}

/** A COPY or ADD with its variables expanded. */
interface ExpandedCopy extends Flags {
  /** The name of the instruction. */
  readonly command: 'COPY' | 'ADD';
  /** The logical line of the instruction. */
  readonly code: string;
  /** Its flags as written. */
  readonly flags: readonly Flag[];
  /** The context or stage that has the local sources. */
  readonly from: State;
  /** Paths, URLs and git references. */
  readonly sources: readonly CopySource[];
  /** The here-documents among the sources. */
  readonly contents: readonly SourceContent[];
  /** The path of the destination. */
  readonly dest: Word;
  /** Patterns of what .dockerignore excludes from the source; undefined if absent. */
  readonly ignored: PatternMatcher | undefined;
}

/** A source with its variables expanded. */
interface CopySource extends Word {
  /** Whether its text is known: nothing that it depends on has an error. */
  readonly isKnown: boolean;
}

/** Expands the variables of an instruction in the reference's order, which is also the order of the warnings. */
export function expandFiles(dispatch: Dispatch, instruction: CopyInstruction | AddInstruction) {
  const { doubts } = dispatch.stage.result;
  const expand = createExpand(dispatch);
  const expandAt = (text: string, range: SourceRange | undefined) =>
    tryPart(dispatch, range, 'bad-substitution', () => expand(text));
  const expandFlag = (name: string, text: string) => expandAt(text, flagRange(instruction, name)) ?? '';
  return {
    chown: expandFlag('chown', instruction.chown),
    chmod: expandFlag('chmod', instruction.chmod),
    ...(instruction.kind === 'add' ? { checksum: expandFlag('checksum', instruction.checksum) } : {}),
    sources: instruction.sources.map(({ text, range }): CopySource => {
      const expanded = expandAt(text, range);
      const isKnown = expanded !== undefined && !doubts.isIn(text);
      return { text: isKnown ? expanded : '/', range, isKnown };
    }),
    dest: { ...instruction.dest, text: expandAt(instruction.dest.text, instruction.dest.range) ?? '/' },
    contents: expandContents(dispatch, instruction.contents),
  };
}

/** Expands the variables in here-documents, unless the delimiter is quoted. */
function expandContents(dispatch: Dispatch, contents: readonly SourceContent[]): readonly SourceContent[] {
  if (contents.length === 0) return contents;
  const expand = createExpand(dispatch, dispatch.lowering.expanders.content);
  return contents.map((content) => (content.expand ? { ...content, data: expand(content.data) } : content));
}

/** Adds the files to the stage, and an entry to its history. */
export function copyFiles(dispatch: Dispatch, expanded: ExpandedCopy): void {
  const { lowering, stage, lines } = dispatch;
  const platform = stage.result.platform;
  const toDestination = () => destination(stage.result.state, expanded.dest.text, platform.os);
  const dest = tryPart(dispatch, expanded.dest.range, 'bad-path', toDestination) ?? '/';
  const shared: CopyOptions = {
    mode:
      expanded.chmod === ''
        ? undefined
        : tryPart(dispatch, flagRange(expanded, 'chmod'), 'bad-mode', () => parseChmod(expanded.chmod)),
    owner: expanded.chown === '' ? undefined : expanded.chown,
    excludePatterns: expanded.exclude,
    createDestPath: true,
  };
  tryPart(dispatch, flagRange(expanded, 'checksum'), 'bad-checksum', () => checkChecksum(expanded));

  const env = stage.result.state.env();
  const shown = shownPlatform(dispatch, platform);
  const text = instructionText(expanded.code, lowering.expanders.word, env);
  const name = nextStepName(stage.origin.steps, text, shown, env);
  const action = addInlineFiles(dispatch, expanded, addSources(dispatch, expanded, name, dest, shared), dest, shared);
  if (!action) return; // all sources have errors

  const constraints: Constraints = {
    customName: name,
    locations: lowering.options.locations?.(lines),
    ignoreCache: stage.origin.ignoreCache,
  };
  if (expanded.link && expanded.chmod === '' && isSupported(lowering, 'merge')) {
    const id = progressGroupId(`${formatPlatform(lowering.platforms.target)} ${lines.start} ${name}`);
    const layer = scratch().file(action, {
      platform,
      ...constraints,
      progressGroup: { id, name, weak: true },
    });
    const merged = merge([stage.result.state, layer], {
      ...constraints,
      customName: stepName(stage.origin.steps, `LINK ${text}`, shown, env),
      progressGroup: { id, name, weak: false },
    });
    stage.result.state = stage.result.state.withOutput(merged);
  } else stage.result.state = stage.result.state.file(action, constraints);
  commit(dispatch, `${copyHistory(expanded)} # buildkit`, true);
}

/** The destination, joined to the working directory; keeps a slash at its end. */
function destination(state: State, dest: string, os: string): string {
  const path = readPath(() => removeDriveLetter(dest, os, true));
  if (isAbsolutePath(path, os)) return normalizePath('/', path, os, true);
  return normalizePath(state.getDir(), path === '.' || path === '' ? './' : path, os, true);
}

/** Reads a path. @throws DiagnosticError in the reference's words, if its drive letter is not valid */
function readPath(read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw describeError(wrapError(error, 'removing drive letter'), 'bad-path');
  }
}

function checkChecksum({ checksum = '', sources: [source, ...more] }: ExpandedCopy): void {
  if (checksum === '') return;
  if (source === undefined || more.length > 0)
    throw dispatchError('bad-checksum', "checksum can't be specified for multiple sources");
  if (source.isKnown && !isHttpSource(source.text) && !isGitSource(source.text))
    throw dispatchError('bad-checksum', 'checksum requires HTTP(S) or Git sources');
}

/** The entry in the image's history. */
function copyHistory({ command, parents, chown, chmod, sources, contents, dest }: ExpandedCopy): string {
  return [
    command,
    ...(parents ? ['--parents'] : []),
    ...(chown === '' ? [] : [`--chown=${chown}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
    ...sources.map(({ text }) => text),
    ...contents.map(({ path }) => `<<${path}`),
    dest.text,
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
  expanded: ExpandedCopy,
  name: string,
  dest: string,
  shared: CopyOptions,
): FileAction | undefined {
  const { pins } = dispatch.lowering.options;
  let action: FileAction | undefined;
  // As in the reference, the settings of a git URL also apply to the sources after it.
  let { keepGitDir, checksum = '' } = expanded;
  const addSource = (source: string) => {
    const ref = gitSource(source);
    if (ref) {
      if (expanded.command === 'COPY') throw dispatchError('bad-source', "source can't be a git ref for COPY");
      if (keepGitDir !== undefined && ref.keepGitDir !== undefined && keepGitDir !== ref.keepGitDir)
        throw describeError(new GitQueryError('keep-git-dir', 'inconsistent keep-git-dir configuration'), 'bad-source');
      keepGitDir = ref.keepGitDir ?? keepGitDir;
      if (checksum !== '' && ref.checksum !== '' && checksum !== ref.checksum)
        throw describeError(
          new GitQueryError('checksum', `checksum mismatch ${quote(checksum)} != ${quote(ref.checksum)}`),
          'bad-checksum',
        );
      checksum = ref.checksum || checksum;
      const pinned = checksum === '' && pins ? { ...ref, ref: pins.git(ref.remote, ref.ref) } : ref;
      const state = gitState(pinned, { customName: name, keepGitDir: keepGitDir ?? false, checksum });
      action = append(action, state, '/', dest, shared);
    } else if (isHttpSource(source)) {
      if (expanded.command === 'COPY') throw dispatchError('bad-source', "source can't be a URL for COPY");
      const state = tryPart(dispatch, flagRange(expanded, 'checksum'), 'bad-checksum', () =>
        httpState(source, checksum || (pins?.http(source) ?? ''), {
          customName: name,
          description: commandDescription(''),
        }),
      );
      if (!state) return;
      const options = { ...shared, attemptUnpack: expanded.unpack ?? false };
      action = append(action, state, httpFilename(source), dest, options);
    } else {
      const { linter, place, stage } = dispatch;
      checkCopyIgnoredFile(linter, place, expanded.command === 'COPY' ? 'Copy' : 'Add', source, expanded.ignored);
      const { path, options } = localSource(expanded, source, stage.result.platform.os, shared);
      action = append(action, expanded.from, path, dest, options);
    }
  };
  for (const { text, range } of expanded.sources) {
    try {
      addSource(text);
    } catch (error) {
      dispatch.report(atPart(dispatch, faultRange(error, dispatch, range), 'bad-instruction', error));
      // The sources of the op stay in the order of the instruction: a check finds the words of those that are missing.
      action = append(action, scratch(), '/', dest, shared);
    }
  }
  return action;
}

/** The part of a source that an error is about. */
function faultRange(error: unknown, { lowering }: Dispatch, range: SourceRange): SourceRange {
  const fault = error instanceof DiagnosticError ? error.cause : error;
  return fault instanceof GitQueryError ? queryRange(lowering.source.text, range, fault.key) : range;
}

/** A source within a context or stage; with --parents the part after `/./` keeps its directories. */
function localSource(
  { command, parents, unpack }: ExpandedCopy,
  source: string,
  os: string,
  shared: CopyOptions,
): { path: string; options: CopyOptions } {
  const normalize = (path: string) => readPath(() => normalizePath('/', path, os, false));
  const options: CopyOptions = {
    ...shared,
    followSymlinks: true,
    copyDirContentsOnly: true,
    attemptUnpack: unpack ?? command === 'ADD',
    allowWildcard: true,
    allowEmptyWildcard: true,
  };
  if (!parents) return { path: normalize(source), options };

  const pivot = source.indexOf('/./');
  const parent = pivot < 0 ? '/' : source.slice(0, pivot);
  const pattern = normalize(pivot < 0 ? source : source.slice(pivot + 3));
  const path = normalize(parent);
  const isPlain = !hasWildcard(parent) && !hasWildcard(pattern);
  return {
    path,
    options: {
      ...options,
      includePatterns: [pattern.startsWith('/') ? pattern.slice(1) : pattern],
      requiredPaths: isPlain ? [normalize(join(parent, pattern))] : undefined,
    },
  };
}

function addInlineFiles(
  { stage }: Dispatch,
  { contents }: ExpandedCopy,
  sources: FileAction | undefined,
  dest: string,
  shared: CopyOptions,
): FileAction | undefined {
  const platform = stage.result.platform;
  let action = sources;
  for (const { path, data } of contents) {
    const file = readPath(() => removeDriveLetter(path, platform.os, false));
    const state = scratch().file(mkfile(file, 0o644, encodeText(data)), {
      customName: '[internal] preparing inline document',
      platform,
    });
    action = append(action, state, toSlash(file, platform.os), dest, shared);
  }
  return action;
}

/** An id in the form of other clients' random ids, but derived from the text, so that compiling is reproducible. */
function progressGroupId(text: string): string {
  return BigInt(`0x${host.sha256(encodeText(text))}`)
    .toString(36)
    .slice(0, 25);
}
