import type { CopyInstruction } from '../../parser/ast.ts';
import { isArchiveName } from '../add-source.ts';
import type { Finding, LintRule } from '../rule.ts';

/** An archive is copied and then unpacked. */
export const copyOfArchive: LintRule = {
  name: 'CopyOfArchive',
  summary: 'ADD unpacks archives.',
  why: 'The layer of the COPY keeps the archive, beside the files that a RUN unpacks from it. `ADD archive.tar.gz /dir/` unpacks it while it is copied: the image has the files once, and needs no tar.',
  bad: ['FROM alpine:3.22\nCOPY app.tar.gz /tmp/\nRUN tar -C /opt -xzf /tmp/app.tar.gz\n'],
  good: [
    'FROM alpine:3.22\nADD app.tar.gz /opt/\n',
    'FROM alpine:3.22\nCOPY app.tar.gz /srv/\n',
    'FROM alpine:3.22\nCOPY --from=alpine:3.22 /app.tar.gz /tmp/\nRUN tar xf /tmp/app.tar.gz\n',
    'FROM alpine:3.22\nCOPY app.tar.gz /tmp/\nRUN tar --strip-components=1 -xf /tmp/app.tar.gz\n',
  ],
  level: 'warning',
  hadolint: 'DL3010',
  *find({ stages }): Generator<Finding> {
    for (const { instructions, runs } of stages) {
      const archives = new Map<string, CopyInstruction>();
      const scripts = new Map(runs.map(({ instruction, script }) => [instruction, script]));
      for (const instruction of instructions) {
        if (instruction.kind === 'copy' && instruction.from === '') {
          for (const { text } of instruction.sources) {
            const name = text.replace(/^.*\//, '');
            if (isTar(name) && !/[$*?[]/.test(name)) archives.set(name, instruction);
          }
        }
        if (instruction.kind !== 'run' || archives.size === 0) continue;
        for (const { name, args, range } of scripts.get(instruction)!.commands) {
          if (name !== 'tar') continue;
          const values = args.map(({ value }) => value ?? '');
          if (
            !values.some(
              (value, at) =>
                /^-[a-zA-Z]*x|^--extract$/.test(value) || (at === 0 && /^[a-zA-Z]*x[a-zA-Z]*$/.test(value)),
            )
          )
            continue;
          if (values.some((value) => /^--(?:strip|transform|wildcards|exclude)/.test(value))) continue;
          const file = values.map((value) => value.replace(/^.*\//, '')).find((value) => archives.has(value));
          if (file === undefined) continue;
          const copy = archives.get(file)!;
          archives.delete(file);
          yield {
            instruction: copy,
            range: copy.range,
            message: `the image keeps ${file} beside the files that are unpacked from it`,
            hint: `Write ADD ${file} with the directory to unpack into, and leave out tar.`,
            related: [{ message: 'unpacks it', range }],
          };
        }
      }
    }
  },
};

function isTar(name: string): boolean {
  return isArchiveName(name) && !/(?<!\.tar)\.(?:gz|bz2|xz|zst|lzma)$/.test(name);
}
