import type { AddInstruction, CopyInstruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';
import { shippedStages } from '../stage-chain.ts';
import { resolvePath, withDirectories } from '../working-directory.ts';

/** A file is copied into a layer and removed in a later one. */
export const removedInLaterLayer: LintRule = {
  name: 'RemovedInLaterLayer',
  summary: 'Files that the image does not need are never in a layer.',
  why: 'A layer that removes a file only hides it: the layer below still has it, is stored and downloaded, and everybody can read the file there. Mount the file for the one step that needs it (`RUN --mount=type=bind,source=…,target=…`), or copy it in a stage of its own.',
  bad: [
    'FROM alpine:3.22\nCOPY tool.tar.gz /tmp/\nRUN tar -C /opt -xf /tmp/tool.tar.gz && rm /tmp/tool.tar.gz\n',
    'FROM alpine:3.22\nWORKDIR /setup\nCOPY id_rsa key\nRUN ./fetch key && rm -f key\n',
  ],
  good: [
    'FROM alpine:3.22\nRUN --mount=type=bind,source=tool.tar.gz,target=/tmp/tool.tar.gz tar -C /opt -xf /tmp/tool.tar.gz\n',
    'FROM alpine:3.22 AS build\nCOPY tool.tar.gz /tmp/\nRUN rm /tmp/tool.tar.gz\nFROM scratch\nCOPY --from=build /opt /opt\n',
    'FROM alpine:3.22\nCOPY a /a\nRUN rm -rf /b /var/lib/apt/lists/*\n',
    'FROM alpine:3.22\nCOPY a /a\nRUN rm -f /a && ln -s /b /a\n',
  ],
  level: 'warning',
  *find(file): Generator<Finding> {
    for (const stage of shippedStages(file)) {
      const scripts = new Map(stage.runs.map(({ instruction, script }) => [instruction, script]));
      const copied = new Map<string, CopyInstruction | AddInstruction>();
      for (const { instruction, directory } of withDirectories(stage)) {
        if (instruction.kind === 'copy' || instruction.kind === 'add')
          for (const path of copiedFiles(instruction, directory)) copied.set(path, instruction);
        if (instruction.kind !== 'run' || copied.size === 0) continue;
        const { commands } = scripts.get(instruction)!;
        const isMoved = commands.some(({ name }) => name === 'cd' || name === 'pushd');
        const isReplaced = commands.some(({ name }) => name === 'ln' || name === 'mv' || name === 'cp');
        if (isReplaced) continue;
        for (const command of commands) {
          for (const target of removed(command)) {
            const path = resolvePath(isMoved ? undefined : directory, target);
            const by = path === undefined ? undefined : copied.get(path);
            if (!by) continue;
            copied.delete(path!);
            yield {
              instruction,
              range: command.range,
              message: `rm hides ${path} only: the layer of ${by.keyword} at line ${by.lines.start} still has it`,
              hint: 'Mount it for this step instead: RUN --mount=type=bind,source=…,target=…,readonly.',
              related: [{ message: 'makes the file', range: by.range }],
            };
          }
        }
      }
    }
  },
};

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
