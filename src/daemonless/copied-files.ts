/** Follows COPY and ADD to find where files of the context are in the image. */
import type { SourceRange } from '../diagnostic/source-file.ts';
import { clean, join } from '../go/path.ts';
import { isCrlfScript } from '../lint/advice.ts';
import type { AddInstruction, CopyInstruction, Instruction, RunInstruction, Stage } from '../parser/ast.ts';
import { parseMount } from '../parser/mount-flag.ts';
import type { Env, ShellLex } from '../parser/words.ts';

/** A file or directory that an instruction takes from the context, or a here-document. */
export interface Copied {
  /** Its path in the context; of a here-document, its name. */
  readonly source: string;
  /** Whether it is a here-document whose lines end with CR LF. */
  readonly isInline?: boolean;
  /** The absolute path in the image: of the directory around it if `intoDir`, otherwise of the copy itself. */
  readonly target: string;
  /** Whether `target` is a directory that gets the copy under its own name. */
  readonly intoDir: boolean;
  /** The word that names it. */
  readonly range: SourceRange;
  /** The instruction that takes it. */
  readonly instruction: Instruction;
}

/** What is known about a stage after the instructions that were followed. */
export interface StageFiles {
  /** The absolute working directory. */
  workdir: string;
  /** Whether the base or the shell is of Windows, whose scripts have CR LF. */
  isWindows: boolean;
  /** Values of ENV and ARG by name; '' for a value that is not known. */
  readonly variables: Map<string, string>;
  /** The files that the stage and its bases have taken so far. */
  readonly copied: Copied[];
}

/** Begins to follow the files of a stage. @param parent the stage that it continues, if it is one of this Dockerfile */
export function beginStage({ from }: Stage, parent: StageFiles | undefined): StageFiles {
  const { workdir = '/', isWindows = /windows|nanoserver/i.test(from.image.text + from.platform) } = parent ?? {};
  return { workdir, isWindows, variables: new Map(parent?.variables), copied: [...(parent?.copied ?? [])] };
}

/**
 * Applies an instruction to the state, except for `copied`.
 * @returns what the instruction takes from the context
 */
export function followInstruction(
  state: StageFiles,
  instruction: Stage['instructions'][number],
  lex: ShellLex,
): Copied[] {
  const env: Env = { get: (name) => state.variables.get(name), keys: () => [...state.variables.keys()] };
  const expand: Expand = (word) => {
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
    case 'add':
      return copiedFiles(instruction, state.workdir, expand);
    case 'run':
      return bindMounts(instruction, state.workdir, expand);
    default:
      return [];
  }
}

/** Expands the variables of a word; undefined if one of them is not known. */
type Expand = (word: string) => string | undefined;

const isRemote = /^(?:[a-z]+:\/\/|git@)/i;

/** A path of the image, made absolute. */
export const absolute = (path: string, workdir: string) => clean(path.startsWith('/') ? path : join(workdir, path));

function copiedFiles(instruction: CopyInstruction | AddInstruction, workdir: string, expand: Expand): Copied[] {
  if (instruction.kind === 'copy' && instruction.from !== '') return [];
  const { sources, contents, dest } = instruction;
  const target = expand(dest.text);
  if (target === undefined) return [];
  const intoDir = target.endsWith('/') || /(^|\/)\.$/.test(target) || sources.length + contents.length > 1;
  const place = { target: absolute(target, workdir), intoDir, instruction };
  const inline = contents
    .filter((content) => content.data.includes('\r\n') && !isCrlfScript(content, instruction))
    .map(({ path }): Copied => ({ source: path, isInline: true, range: dest.range, ...place }));
  const named = sources.flatMap(({ text, range }): Copied[] => {
    const source = expand(text);
    if (source === undefined || source === '' || isRemote.test(source)) return [];
    return [{ source: inContext(source), range, ...place }];
  });
  return [...named, ...inline];
}

function bindMounts(run: RunInstruction, workdir: string, expand: Expand): Copied[] {
  return run.mounts.flatMap((word): Copied[] => {
    try {
      const { type, from, source, target } = parseMount(word, (it) => expand(it) ?? '');
      if (type !== 'bind' || from !== '' || target === '') return [];
      return [
        {
          source: inContext(source),
          target: absolute(target, workdir),
          intoDir: false,
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
export const inContext = (path: string) => clean(`/${path}`).slice(1);
