import { dirname } from '../../go/path.ts';
import type { AddInstruction, CopyInstruction, RunInstruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand, ShellScript } from '../shell/command.ts';
import { shippedStages } from '../stage-chain.ts';
import { resolvePath, withDirectories } from '../working-directory.ts';

/** A RUN changes owners or modes of files that a COPY made, and so stores them a second time. */
export const changedAfterCopy: LintRule = {
  name: 'ChangedAfterCopy',
  summary: 'COPY sets owners and modes itself.',
  why: 'A layer holds whole files. `RUN chown -R` or `chmod -R` on files of an earlier layer stores each of them again, even if only its owner changes, so the image has all of them twice. `COPY --chown=… --chmod=…` sets both while the files are copied.',
  bad: [
    'FROM alpine:3.22\nCOPY app /app\nRUN chown -R app:app /app\n',
    'FROM alpine:3.22\nWORKDIR /srv\nCOPY . .\nRUN adduser -D app && chmod -R 755 .\n',
  ],
  good: [
    'FROM alpine:3.22\nCOPY --chown=app:app app /app\n',
    'FROM alpine:3.22\nCOPY app /app\nRUN chown -R app:app /var/log\n',
    'FROM alpine:3.22 AS build\nCOPY app /app\nRUN chown -R app:app /app\nFROM scratch\nCOPY --from=build /app /app\n',
    'FROM alpine:3.22\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh\n',
    'FROM alpine:3.22\nRUN mkdir /data && chown -R app:app /data\n',
  ],
  level: 'warning',
  *find(file): Generator<Finding> {
    for (const stage of shippedStages(file)) {
      const scripts = new Map(stage.runs.map(({ instruction, script }) => [instruction, script]));
      const copied = new CopiedFiles();
      for (const { instruction, directory } of withDirectories(stage)) {
        if (instruction.kind === 'copy' || instruction.kind === 'add') copied.add(instruction, directory);
        else if (instruction.kind === 'run' && !copied.isEmpty)
          yield* findInRun(instruction, scripts.get(instruction)!, directory, copied);
      }
    }
  },
};

type FileInstruction = CopyInstruction | AddInstruction;

interface Copied {
  readonly path: string;
  readonly by: FileInstruction;
}

/** The files that a stage has copied and that were not reported yet, by the directories that they are in. */
class CopiedFiles {
  private readonly byDirectory = new Map<string, Copied[]>();
  private readonly taken = new Set<FileInstruction>();

  get isEmpty(): boolean {
    return this.byDirectory.size === 0;
  }

  add(by: FileInstruction, directory: string | undefined): void {
    const path = resolvePath(directory, by.dest.text);
    for (let it = path; it !== undefined && it !== '/'; it = dirname(it)) {
      const list = this.byDirectory.get(it);
      if (list) list.push({ path: path!, by });
      else this.byDirectory.set(it, [{ path: path!, by }]);
    }
  }

  /** Takes a COPY into this directory that does not itself set what a program changes; undefined if absent. */
  take(directory: string, program: string): Copied | undefined {
    const list = this.byDirectory.get(directory) ?? [];
    while (list.length > 0) {
      const found = list.pop()!;
      if (this.taken.has(found.by) || isSet(found.by, program)) continue;
      this.taken.add(found.by);
      return found;
    }
    return undefined;
  }
}

function* findInRun(
  instruction: RunInstruction,
  { commands }: ShellScript,
  directory: string | undefined,
  copied: CopiedFiles,
): Generator<Finding> {
  const isMoved = commands.some(({ name }) => name === 'cd' || name === 'pushd');
  for (const command of commands) {
    const { name, range } = command;
    for (const target of recursiveTargets(command)) {
      const path = resolvePath(isMoved ? undefined : directory, target);
      const found = path === undefined ? undefined : copied.take(path, name);
      if (!found) continue;
      const { by } = found;
      yield {
        instruction,
        range,
        message: `${name} stores again what ${by.keyword} has put into ${found.path}: the image has these files twice`,
        hint: `Write --${name === 'chgrp' ? 'chown' : name}=… after ${by.keyword}, and leave this out.`,
        related: [{ message: 'makes the files', range: by.range }],
      };
      break;
    }
  }
}

function* recursiveTargets({ name, args }: ShellCommand): Generator<string> {
  if (!/^(?:chown|chmod|chgrp)$/.test(name)) return;
  const options = args.filter(({ value }) => value?.startsWith('-'));
  if (!options.some(({ value }) => /^-[A-Za-z]*R|^--recursive$/.test(value!))) return;
  const [, ...targets] = args.filter((it) => !options.includes(it));
  for (const { value } of targets) if (value !== undefined) yield value.replace(/\/\*$/, '');
}

/** Whether a COPY says itself what a program changes. */
function isSet({ chown, chmod }: FileInstruction, program: string): boolean {
  return program === 'chmod' ? chmod !== '' : chown !== '';
}
