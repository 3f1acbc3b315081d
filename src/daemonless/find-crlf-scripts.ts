/**
 * Finds scripts in the context whose lines end with CR LF, as git on Windows writes them: a container that starts one
 * says "not found". It examines the first line of the files that a COPY, an ADD or a bind mount names, of the files
 * directly in a directory that one names, and of the shell scripts anywhere below it. It also finds here-documents that
 * a COPY or an ADD writes to a file that a command runs; `findAdvice` finds the other here-documents without a context.
 */
import { type Diagnostic, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { isDirectory } from '../go/file-mode.ts';
import { isPattern, matchesPath } from '../go/match.ts';
import { base, dirname, join } from '../go/path.ts';
import { crlfAdvice, crlfTrouble, isShellScript } from '../lint/advice.ts';
import type { Dockerfile, Instruction, Stage } from '../parser/ast.ts';
import type { IgnoreFile } from '../parser/hints/explain-missing-source.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { createShellLex } from '../parser/words.ts';
import { beginStage, type Copied, followInstruction, inContext, type StageFiles } from './copied-files.ts';
import type { FileTree } from './file-tree.ts';
import { programPaths } from './program-paths.ts';

/** Maximum number of files that are examined. */
const maxFiles = 500;
/**
 * Maximum number of times that a source is looked up or a command compared with a copy; usual builds need far fewer.
 */
const maxSteps = 100_000;
/** Maximum number of directories that are listed below one that is copied. */
const maxDirs = 200;
/** Directories that are searched only if a source names them. */
const unsearched = new Set(['.git', 'node_modules']);
/** Bytes that are read of a file: the first line of a script is shorter. */
const startBytes = 1024;

/**
 * Warns about each such script, at the word that names it.
 *
 * @param tree the main context on this machine
 * @param ignoreFile the context's ignore file: what it excludes is not copied
 */
export async function findCrlfScripts(
  dockerfile: Dockerfile,
  tree: FileTree,
  ignoreFile: IgnoreFile | undefined,
): Promise<Diagnostic[]> {
  const search = new CrlfSearch(dockerfile, tree, ignoreFile);
  const stages = new Map<string, StageFiles>();
  const lex = createShellLex({ escape: dockerfile.escape });
  for (const stage of dockerfile.stages) {
    const state = beginStage(stage, stages.get(stage.from.image.text.toLowerCase()));
    if (stage.name !== '') stages.set(stage.name, state);
    if (stage.instructions.some(isLineEndFix)) continue;
    for (const instruction of stage.instructions) {
      const taken = followInstruction(state, instruction, lex);
      if (state.isWindows) continue;
      await search.examineSources(taken);
      await search.examinePrograms(instruction, state, taken);
      if (instruction.kind !== 'run') state.copied.push(...taken);
    }
  }
  return search.warnings();
}

class CrlfSearch {
  private readonly dockerfile: Dockerfile;
  private readonly tree: FileTree;
  private readonly isIgnored: (path: string) => boolean;
  /** The examined files by their path. */
  private readonly starts = new Map<string, Promise<Start | undefined>>();
  private readonly found = new Map<string, Diagnostic>();
  private steps = 0;

  constructor(dockerfile: Dockerfile, tree: FileTree, ignoreFile: IgnoreFile | undefined) {
    this.dockerfile = dockerfile;
    this.tree = tree;
    this.isIgnored = ignoredBy(ignoreFile);
  }

  /** Examines the scripts that an instruction takes from the context. */
  async examineSources(taken: readonly Copied[]): Promise<void> {
    for (const copied of taken) {
      if (this.hasEnough()) return;
      if (copied.isInline) continue;
      for (const path of await namedFiles(this.tree, copied.source)) {
        const start = await this.examine(path);
        if (start?.isScript && start.hasCr) this.report(path, copied);
      }
    }
  }

  /** Examines the files of the context that an instruction runs, also those without `#!`. */
  async examinePrograms(
    instruction: Instruction,
    { workdir, copied }: StageFiles,
    taken: readonly Copied[],
  ): Promise<void> {
    for (const path of programPaths(instruction, workdir)) {
      for (const it of [...taken, ...copied]) {
        if (this.hasEnough()) break;
        if (it.isInline) {
          if (path === (it.intoDir ? join(it.target, it.source) : it.target)) this.report(path, it);
          continue;
        }
        const source = await this.sourceOf(it, path);
        if (source && (await this.examine(source))?.hasCr) this.report(source, it);
      }
    }
  }

  warnings(): Diagnostic[] {
    return [...this.found.values()];
  }

  private hasEnough(): boolean {
    return this.starts.size >= maxFiles || ++this.steps > maxSteps;
  }

  /** The start of a file of the context; undefined if it is absent, ignored or one too many. */
  private examine(path: string): Promise<Start | undefined> {
    let start = this.starts.get(path);
    if (!start) {
      if (this.starts.size >= maxFiles) return Promise.resolve(undefined);
      this.starts.set(path, (start = this.isIgnored(path) ? Promise.resolve(undefined) : readStart(this.tree, path)));
    }
    return start;
  }

  /** The file of the context that lies at a path of the image, if a copy put it there. */
  private async sourceOf({ source, target, intoDir }: Copied, path: string): Promise<string | undefined> {
    const candidates: string[] = [];
    const inside =
      target === '/' ? path.slice(1) : path.startsWith(`${target}/`) ? path.slice(target.length + 1) : undefined;
    if (path === target && !intoDir && !isPattern(source)) candidates.push(source);
    if (inside !== undefined && isPattern(source)) {
      const named = inContext(join(dirname(source), inside));
      if (matchesPath(source, named)) candidates.push(named);
    } else if (inside !== undefined) {
      if (inside === base(source)) candidates.push(source);
      candidates.push(inContext(join(source, inside)));
    }
    for (const candidate of candidates) if (candidate !== '' && (await this.examine(candidate))) return candidate;
    return undefined;
  }

  private report(path: string, { range, instruction, isInline }: Copied): void {
    const key = isInline ? `${path} in ${instruction.lines.start}` : path;
    if (this.found.has(key)) return;
    const warning = warningDiagnostic('CarriageReturn', `the lines of ${path} ${crlfTrouble}`, {
      hint: crlfAdvice(isInline ? this.dockerfile.source.filename : path),
      range,
      lines: [instruction.lines],
    });
    this.found.set(key, warning);
  }
}

/** Whether a command removes the carriage returns. */
function isLineEndFix(instruction: Stage['instructions'][number]): boolean {
  return (
    instruction.kind === 'run' &&
    /dos2unix|\\r|\\015/.test(instruction.code + instruction.heredocs.map((it) => it.content).join(''))
  );
}

/** The files that a source names; of a directory, the files directly in it and the shell scripts anywhere below it. */
async function namedFiles(tree: FileTree, source: string): Promise<string[]> {
  if (isPattern(source)) {
    if (isPattern(dirname(source))) return [];
    const dir = inContext(dirname(source));
    return (await filesIn(tree, dir)).filter((path) => matchesPath(inContext(source), path));
  }
  const stat = source === '' ? undefined : await tree.stat(source).catch(() => undefined);
  if (stat && !isDirectory(stat.mode)) return [source];
  return [...(await filesIn(tree, source)), ...(await scriptsBelow(tree, source))];
}

async function scriptsBelow(tree: FileTree, top: string): Promise<string[]> {
  const scripts: string[] = [];
  const dirs = [top];
  for (let at = 0; at < dirs.length && at < maxDirs; at++) {
    const dir = dirs[at]!;
    for (const { path, mode } of await tree.readDir(dir === '' ? '/' : dir).catch(() => [])) {
      const name = inContext(join(dir, path));
      if (isDirectory(mode)) {
        if (!unsearched.has(base(name))) dirs.push(name);
      } else if (at > 0 && isShellScript(name)) scripts.push(name);
    }
  }
  return scripts;
}

async function filesIn(tree: FileTree, dir: string): Promise<string[]> {
  const entries = await tree.readDir(dir === '' ? '/' : dir).catch(() => []);
  return entries.filter(({ mode }) => !isDirectory(mode)).map(({ path }) => inContext(join(dir, path)));
}

/** What the first line of a file says about it. */
interface Start {
  /** It begins with `#!`. */
  readonly isScript: boolean;
  /** Its first line ends with CR LF. */
  readonly hasCr: boolean;
}

async function readStart(tree: FileTree, path: string): Promise<Start | undefined> {
  try {
    const stat = await tree.stat(path);
    if (isDirectory(stat.mode)) return undefined;
    const data = await (tree.readStart?.(path, startBytes) ?? tree.readFile(path));
    const bytes = data.subarray(0, startBytes);
    const end = bytes.indexOf(0x0a);
    const isText = !bytes.includes(0);
    return { isScript: bytes[0] === 0x23 && bytes[1] === 0x21, hasCr: isText && end > 0 && bytes[end - 1] === 0x0d };
  } catch {
    return undefined;
  }
}

function ignoredBy(file: IgnoreFile | undefined): (path: string) => boolean {
  let matcher: PatternMatcher | undefined;
  return (path) => {
    try {
      matcher ??= createPatternMatcher(file?.rules.map(({ pattern }) => pattern) ?? []);
      return matcher.matchesOrParentMatches(path);
    } catch {
      return false; // parsing the ignore file reports a pattern that is not valid
    }
  };
}
