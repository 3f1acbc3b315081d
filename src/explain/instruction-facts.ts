/** What the text of a Dockerfile says about its instructions, for causes that the ops alone do not name. */
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { createShellLex, emptyEnv, type ShellLex, WordError } from '../parser/words.ts';
import type { RecordedFlag } from './build-record.ts';

/** What an instruction says. */
export interface InstructionFacts {
  readonly keyword: Instruction['kind'];
  /** Its flags, in the order of their texts. */
  readonly flags: readonly RecordedFlag[];
  /** Its text without the flags. */
  readonly rest: string;
  /** Names of the variables that the frontend expands in it. */
  readonly uses: readonly string[];
  /** Whether it has a destination that is relative to the working directory. */
  readonly isRelative: boolean;
  /** What stands before it, in its stage or in those that the stage is made from. */
  readonly settings: Settings;
}

/** The last instructions of these kinds. */
interface Settings {
  readonly shell?: { readonly line: number; readonly text: string };
  /** The line of the WORKDIR. */
  readonly workdir?: number;
  /** The line of the USER. */
  readonly user?: number;
}

/** The Dockerfile of a definition; undefined for a build program. */
export function dockerfileOf(definition: Definition | undefined): Dockerfile | undefined {
  const [info] = definition?.source?.infos ?? [];
  return info?.language === 'Dockerfile' ? parseDockerfile(decodeText(info.data)) : undefined;
}

/** The facts by the first line of the instruction. */
export function instructionFacts(dockerfile: Dockerfile): ReadonlyMap<number, InstructionFacts> {
  const { stages, source } = dockerfile;
  const lex = createShellLex({ escape: dockerfile.escape });
  const facts = new Map<number, InstructionFacts>();
  const settingsOf = new Map<string, Settings>();
  for (const { from, name, instructions } of stages) {
    let settings = settingsOf.get(from.image.text.toLowerCase()) ?? {};
    for (const instruction of [from, ...instructions]) {
      facts.set(instruction.lines.start, {
        keyword: instruction.kind,
        ...partsOf(instruction, source.text),
        uses: used(lex, instruction),
        isRelative: 'dest' in instruction && !instruction.dest.text.startsWith('/'),
        settings,
      });
      settings = withSetting(settings, instruction);
    }
    if (name !== '') settingsOf.set(name, settings);
  }
  return facts;
}

function withSetting(settings: Settings, { kind, code, lines: { start: line } }: Instruction): Settings {
  if (kind === 'shell') return { ...settings, shell: { line, text: code } };
  return kind === 'workdir' || kind === 'user' ? { ...settings, [kind]: line } : settings;
}

function partsOf({ flags, range }: Instruction, text: string): Pick<InstructionFacts, 'flags' | 'rest'> {
  const written: RecordedFlag[] = [];
  let rest = '';
  let done = range.start;
  for (const flag of flags) {
    rest += text.slice(done, flag.range.start).trimEnd();
    written.push({ name: flag.name, text: text.slice(flag.range.start, flag.range.end) });
    done = flag.range.end;
  }
  rest += flags.length > 0 ? ` ${text.slice(done, range.end).trimStart()}` : text.slice(done, range.end);
  return { flags: written.sort((a, b) => (a.text < b.text ? -1 : 1)), rest };
}

/** The shell expands the variables of RUN itself, but for those in flags. */
function used(lex: ShellLex, { kind, code, flags }: Instruction): string[] {
  const text = kind === 'run' ? flags.map(({ value = '' }) => value).join(' ') : code;
  if (!text.includes('$')) return [];
  try {
    return [...lex.processWord(text, emptyEnv).unmatched];
  } catch (error) {
    return error instanceof WordError ? [...error.unmatched] : [];
  }
}
