/**
 * Scripts in the context whose lines end with CR LF, as git on Windows writes them: the container says that they are not
 * found. Only files that a COPY, an ADD or a bind mount names are looked at, and of each only the beginning.
 */
import { crlfAdvice, crlfTrouble } from '../check/oddities.ts';
import { matchPath } from '../go/match.ts';
import { base, clean, dir, join } from '../go/path.ts';
import type { Dockerfile, Instruction, RunInstruction, Stage } from '../parser/ast.ts';
import type { Diagnostic } from '../parser/diagnostic.ts';
import type { IgnoreFile } from '../parser/missing-source.ts';
import { parseMount } from '../parser/mount.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/pattern-matcher.ts';
import type { SourceRange } from '../parser/source.ts';
import { createShellLex, type Env, type ShellLex } from '../parser/words.ts';
import type { FileTree } from './file-tree.ts';

/** So many files are looked at in all: with more of them, the first ones tell. */
const maxFiles = 500;
/** So many sources are looked for, and so often a command is held against a copy: a build of usual size comes nowhere near. */
const maxSteps = 100_000;
/** The first line of a script is shorter. */
const startBytes = 1024;

const directoryBit = 2 ** 31;

/** Where something of the context comes to lie. */
interface Copied {
  readonly source: string;
  /** Absolute; a file or a folder, which is told by `intoFolder` or by what the source is. */
  readonly target: string;
  readonly intoFolder: boolean;
  readonly range: SourceRange;
  readonly instruction: Instruction;
}

interface StageState {
  workdir: string;
  isWindows: boolean;
  readonly variables: Map<string, string>;
  readonly copied: Copied[];
}

/**
 * Warnings about such scripts, each at the word that names it.
 *
 * @param tree the main context as it lies on this machine
 * @param ignoreFile the one in effect for it: what it leaves out is not copied
 */
export async function findCrlfScripts(
  dockerfile: Dockerfile,
  tree: FileTree,
  ignoreFile: IgnoreFile | undefined,
): Promise<Diagnostic[]> {
  const looked = new Map<string, Promise<Start | undefined>>();
  const ignored = ignoredBy(ignoreFile);
  const look = (path: string) => {
    let start = looked.get(path);
    if (!start) {
      if (looked.size >= maxFiles) return Promise.resolve(undefined);
      looked.set(path, (start = ignored(path) ? Promise.resolve(undefined) : readStart(tree, path)));
    }
    return start;
  };
  const found = new Map<string, Diagnostic>();
  const report = (path: string, { range, instruction }: Copied) => {
    if (!found.has(path))
      found.set(path, {
        code: 'CarriageReturn',
        severity: 'warning',
        message: `the lines of ${path} ${crlfTrouble}`,
        hint: crlfAdvice(path),
        range,
        locations: [instruction.lines],
      });
  };

  let steps = 0;
  const isEnough = () => looked.size >= maxFiles || ++steps > maxSteps;
  const stages = new Map<string, StageState>();
  const lex = createShellLex({ escape: dockerfile.escape });
  for (const stage of dockerfile.stages) {
    const state = beginStage(stage, stages.get(stage.from.image.text.toLowerCase()));
    if (stage.name !== '') stages.set(stage.name, state);
    if (stage.instructions.some(mendsLineEnds)) continue;
    for (const instruction of stage.instructions) {
      const mounted = follow(state, instruction, lex);
      if (state.isWindows) continue;
      for (const copied of mounted) {
        if (isEnough()) break;
        for (const path of await namedFiles(tree, copied.source)) {
          const start = await look(path);
          if (start?.isScript && start.hasCr) report(path, copied);
        }
      }
      for (const path of programs(instruction, state.workdir)) {
        const copied = [...mounted, ...state.copied];
        for (const it of copied) {
          if (isEnough()) break;
          const source = await sourceOf(it, path, look);
          if (source && (await look(source))?.hasCr) report(source, it);
        }
      }
      if (instruction.kind !== 'run') state.copied.push(...mounted);
    }
  }
  return [...found.values()];
}

function beginStage({ from }: Stage, parent: StageState | undefined): StageState {
  const { workdir = '/', isWindows = /windows|nanoserver/i.test(from.image.text + from.platform) } = parent ?? {};
  return { workdir, isWindows, variables: new Map(parent?.variables), copied: [...(parent?.copied ?? [])] };
}

/** Whether a command takes the CRs away. */
function mendsLineEnds(instruction: Stage['instructions'][number]): boolean {
  return (
    instruction.kind === 'run' &&
    /dos2unix|\\r|\\015/.test(instruction.code + instruction.heredocs.map((it) => it.content).join(''))
  );
}

/** What an instruction does to the state. @returns what it takes from the context */
function follow(state: StageState, instruction: Stage['instructions'][number], lex: ShellLex): Copied[] {
  const env: Env = { get: (name) => state.variables.get(name), keys: () => [...state.variables.keys()] };
  const expand = (word: string): string | undefined => {
    try {
      const { result, unmatched } = lex.processWord(word, env);
      return unmatched.size > 0 ? undefined : result;
    } catch {
      return undefined;
    }
  };
  switch (instruction.kind) {
    case 'workdir':
      state.workdir = absolute(expand(instruction.path) ?? '', state.workdir);
      return [];
    case 'shell':
      state.isWindows = /cmd|powershell|pwsh/i.test(instruction.shell[0] ?? '');
      return [];
    case 'env':
      for (const { key, value } of instruction.pairs) state.variables.set(key, expand(value) ?? '');
      return [];
    case 'arg':
      for (const { key, value } of instruction.args)
        if (value !== undefined) state.variables.set(key, expand(value) ?? '');
      return [];
    case 'copy':
    case 'add': {
      if (instruction.kind === 'copy' && instruction.from !== '') return [];
      const target = expand(instruction.dest.text);
      if (target === undefined) return [];
      const intoFolder = target.endsWith('/') || /(^|\/)\.$/.test(target) || instruction.sources.length > 1;
      const place = { target: absolute(target, state.workdir), intoFolder, instruction };
      return instruction.sources.flatMap(({ text, range }): Copied[] => {
        const source = expand(text);
        if (source === undefined || source === '' || isRemote.test(source)) return [];
        return [{ source: inContext(source), range, ...place }];
      });
    }
    case 'run':
      return bindMounts(instruction, state.workdir, expand);
    default:
      return [];
  }
}

const isRemote = /^(?:[a-z]+:\/\/|git@)/i;

const absolute = (path: string, workdir: string) => clean(path.startsWith('/') ? path : join(workdir, path));

function bindMounts(run: RunInstruction, workdir: string, expand: (word: string) => string | undefined): Copied[] {
  return run.mounts.flatMap((word): Copied[] => {
    try {
      const { type, from, source, target } = parseMount(word, (it) => expand(it) ?? '');
      if (type !== 'bind' || from !== '' || target === '') return [];
      return [
        {
          source: inContext(source),
          target: absolute(target, workdir),
          intoFolder: false,
          range: word.range,
          instruction: run,
        },
      ];
    } catch {
      return [];
    }
  });
}

/** A path in the context, without a leading slash; '' for its root. */
const inContext = (path: string) => clean(`/${path}`).slice(1);

const wildcard = /[*?[\\]/;

/** The files that a source names, those directly in a folder included. */
async function namedFiles(tree: FileTree, source: string): Promise<string[]> {
  if (wildcard.test(source)) {
    if (wildcard.test(dir(source))) return [];
    const folder = inContext(dir(source));
    return (await filesIn(tree, folder)).filter((path) => matches(inContext(source), path));
  }
  const stat = source === '' ? undefined : await tree.stat(source).catch(() => undefined);
  if (stat && stat.mode < directoryBit) return [source];
  return filesIn(tree, source);
}

async function filesIn(tree: FileTree, folder: string): Promise<string[]> {
  const entries = await tree.readDir(folder === '' ? '/' : folder).catch(() => []);
  return entries.filter(({ mode }) => mode < directoryBit).map(({ path }) => inContext(join(folder, path)));
}

function matches(pattern: string, path: string): boolean {
  try {
    return matchPath(pattern, path);
  } catch {
    return false;
  }
}

/** The file of the context that lies at a path of the image, if a copy put it there. */
async function sourceOf(
  { source, target, intoFolder }: Copied,
  path: string,
  look: (path: string) => Promise<Start | undefined>,
): Promise<string | undefined> {
  const candidates: string[] = [];
  const inside =
    target === '/' ? path.slice(1) : path.startsWith(`${target}/`) ? path.slice(target.length + 1) : undefined;
  if (path === target && !intoFolder && !wildcard.test(source)) candidates.push(source);
  if (inside !== undefined && wildcard.test(source)) {
    const named = inContext(join(dir(source), inside));
    if (matches(source, named)) candidates.push(named);
  } else if (inside !== undefined) {
    if (inside === base(source)) candidates.push(source);
    candidates.push(inContext(join(source, inside)));
  }
  for (const candidate of candidates) if (candidate !== '' && (await look(candidate))) return candidate;
  return undefined;
}

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The absolute paths that an instruction may run a script from. */
function programs(instruction: Instruction, workdir: string): string[] {
  const names = programNames(instruction);
  return names.flatMap((name) => {
    const here = absolute(name, workdir);
    return name.includes('/') ? [here] : [here, ...searchPath.map((folder) => join(folder, name))];
  });
}

function programNames(instruction: Instruction): string[] {
  switch (instruction.kind) {
    case 'run':
    case 'cmd':
    case 'entrypoint':
      return instruction.shellForm
        ? instruction.args.flatMap(programsOfLine)
        : [
            ...programOf(instruction.args),
            ...instruction.args
              .slice(1)
              .filter((it) => it.includes(' '))
              .flatMap(programsOfLine),
          ];
    case 'healthcheck': {
      const [type, ...args] = instruction.healthcheck.test;
      return type === 'CMD-SHELL' ? args.flatMap(programsOfLine) : programOf(args);
    }
    default:
      return [];
  }
}

/** So much of a command line is looked at. */
const maxLine = 20_000;

function programsOfLine(line: string): string[] {
  return line
    .slice(0, maxLine)
    .split(/&&|\|\||[;|&()\n{}]/)
    .flatMap((command) => programOf(command.split(/[\s"']+/).filter((word) => word !== '')));
}

/** What runs the script that is named behind it. Other interpreters take CR LF for the end of a line. */
const runners =
  /^(?:\.|source|exec|env|sudo|time|nohup|command|if|then|else|do|while|!|(?:ba|da|a|z|k)?sh|tini|dumb-init|catatonit|gosu|su-exec|setpriv|chroot)$/;

/** The name of the script that a command runs, if it runs one. */
function programOf(words: readonly string[]): string[] {
  const names: string[] = [];
  for (const word of words) {
    if (/^-|^\w+=/.test(word)) continue;
    if (!word.includes('$')) names.push(word);
    if (
      !runners.test(base(word)) &&
      !(names.length > 1 && /gosu|su-exec|chroot/.test(base(names[0]!)) && names.length < 3)
    )
      break;
  }
  return names;
}

interface Start {
  /** It begins with `#!`. */
  readonly isScript: boolean;
  /** Its first line ends with CR LF. */
  readonly hasCr: boolean;
}

async function readStart(tree: FileTree, path: string): Promise<Start | undefined> {
  try {
    const stat = await tree.stat(path);
    if (stat.mode >= directoryBit) return undefined;
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
      return false; // a pattern that cannot be matched is reported on its own
    }
  };
}
