import type { AddInstruction, CopyInstruction, RunInstruction } from '../../parser/ast.ts';
import type { LintStage } from '../lint-file.ts';
import { isMounted } from '../mounts.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';
import { shippedStages } from '../stage-chain.ts';
import { resolvePath, withDirectories } from '../working-directory.ts';

/** A file is copied or downloaded into a layer and removed in a later one. */
export const removedInLaterLayer: LintRule = {
  name: 'RemovedInLaterLayer',
  summary: 'Files that the image does not need are never in a layer.',
  why: 'A layer that removes a file only hides it: the layer below still has it, is stored and downloaded, and everybody can read the file there. Mount the file for the one step that needs it (`RUN --mount=type=bind,source=…,target=…`), or copy it in a stage of its own. A file that a RUN downloads is removed in the same RUN.',
  bad: [
    'FROM alpine:3.22\nCOPY tool.tar.gz /tmp/\nRUN tar -C /opt -xf /tmp/tool.tar.gz && rm /tmp/tool.tar.gz\n',
    'FROM alpine:3.22\nWORKDIR /setup\nCOPY id_rsa key\nRUN ./fetch key && rm -f key\n',
    'FROM alpine:3.22\nRUN wget -qO /tmp/tool.tgz https://example.com/tool.tgz && tar -C /opt -xf /tmp/tool.tgz\nRUN rm /tmp/tool.tgz\n',
  ],
  good: [
    'FROM alpine:3.22\nRUN --mount=type=bind,source=tool.tar.gz,target=/tmp/tool.tar.gz tar -C /opt -xf /tmp/tool.tar.gz\n',
    'FROM alpine:3.22 AS build\nCOPY tool.tar.gz /tmp/\nRUN rm /tmp/tool.tar.gz\nFROM scratch\nCOPY --from=build /opt /opt\n',
    'FROM alpine:3.22\nCOPY a /a\nRUN rm -rf /b /var/lib/apt/lists/*\n',
    'FROM alpine:3.22\nCOPY a /a\nRUN rm -f /a && ln -s /b /a\n',
    'FROM alpine:3.22\nRUN wget -qO /tmp/tool.tgz https://example.com/tool.tgz && rm /tmp/tool.tgz\nRUN rm -f /tmp/tool.tgz\n',
  ],
  level: 'warning',
  *find(file): Generator<Finding> {
    for (const stage of shippedStages(file)) yield* findInStage(stage);
  },
};

type FileMaker = CopyInstruction | AddInstruction | RunInstruction;

function* findInStage(stage: LintStage): Generator<Finding> {
  const scripts = new Map(stage.runs.map(({ instruction, script }) => [instruction, script]));
  const files = new Map<string, FileMaker>();
  for (const { instruction, directory } of withDirectories(stage)) {
    if (instruction.kind === 'copy' || instruction.kind === 'add')
      for (const path of copiedFiles(instruction, directory)) files.set(path, instruction);
    if (instruction.kind !== 'run') continue;
    const { commands } = scripts.get(instruction)!;
    const isMoved = commands.some(({ name }) => name === 'cd' || name === 'pushd');
    const isReplaced = commands.some(({ name }) => name === 'ln' || name === 'mv' || name === 'cp');
    if (isReplaced) continue;
    const at = isMoved ? undefined : directory;
    for (const command of commands) {
      const downloaded = resolvePath(at, downloadedFile(command));
      if (downloaded !== undefined && !isMounted(instruction, downloaded)) files.set(downloaded, instruction);
      for (const target of removed(command)) {
        const path = resolvePath(at, target);
        if (path === undefined || isMounted(instruction, path)) continue;
        const by = files.get(path);
        files.delete(path);
        if (by && by !== instruction) yield report(instruction, command, path, by);
      }
    }
  }
}

function report(instruction: RunInstruction, { range }: ShellCommand, path: string, by: FileMaker): Finding {
  return {
    instruction,
    range,
    message: `rm hides ${path} only: the layer of ${by.keyword} at line ${by.lines.start} still has it`,
    hint:
      by.kind === 'run'
        ? 'Remove it at the end of the RUN that downloads it.'
        : 'Mount it for this step instead: RUN --mount=type=bind,source=…,target=…,readonly.',
    related: [{ message: 'makes the file', range: by.range }],
  };
}

/** The file that curl or wget is told to write; undefined if it is not known. */
function downloadedFile({ name, args, scopes }: ShellCommand): string | undefined {
  if (name !== 'curl' && name !== 'wget') return undefined;
  if (scopes.includes('branch') || scopes.includes('function')) return undefined;
  const option = name === 'curl' ? /^(?:-[a-zA-Z]*o|--output)$/ : /^(?:-[a-zA-Z]*O|--output-document)$/;
  const index = args.findIndex(({ value }) => value !== undefined && option.test(value));
  if (index >= 0) return args[index + 1]?.value;
  const long = args.find(({ value }) => value?.startsWith(name === 'curl' ? '--output=' : '--output-document='));
  return long?.value?.replace(/^[^=]*=/, '');
}

/** The paths that a COPY makes, if the names of its sources are known. */
function copiedFiles({ sources, dest }: CopyInstruction | AddInstruction, directory: string | undefined): string[] {
  const path = resolvePath(directory, dest.text);
  if (path === undefined) return [];
  const isDirectory = dest.text.endsWith('/') || dest.text === '.' || sources.length > 1;
  if (!isDirectory) return [path];
  return sources.flatMap(({ text }) => {
    const name = text.replace(/\/+$/, '').replace(/^.*\//, '');
    return /[$*?[]|^\.{0,2}$/.test(name) ? [] : [`${path === '/' ? '' : path}/${name}`];
  });
}

function* removed({ name, args, scopes }: ShellCommand): Generator<string> {
  if (name !== 'rm' || scopes.includes('branch') || scopes.includes('function')) return;
  for (const { value } of args) if (value !== undefined && !value.startsWith('-')) yield value.replace(/\/$/, '');
}
