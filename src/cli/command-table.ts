/** All commands, in the order of the help. A new one is a file in `commands` and an entry here. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { buildCommand } from './commands/build.ts';
import { checkCommand } from './commands/check.ts';
import { compileCommand } from './commands/compile.ts';
import { completionCommand } from './commands/completion.ts';
import { contextCommand } from './commands/context.ts';
import { duCommand } from './commands/du.ts';
import { explainCommand } from './commands/explain.ts';
import { fmtCommand } from './commands/fmt.ts';
import { graphCommand } from './commands/graph.ts';
import { historyCommand } from './commands/history.ts';
import { lockCommand } from './commands/lock.ts';
import { lspCommand } from './commands/lsp.ts';
import { pruneCommand } from './commands/prune.ts';
import { solveCommand } from './commands/solve.ts';
import { workersCommand } from './commands/workers.ts';
import type { Io } from './io.ts';

interface CommandEntry {
  readonly create: (io: Io) => CommandUnknownOpts;
  /**
   * Examples for its help and that of the commands below it, by their words. Tests run their options through the
   * parser.
   */
  readonly examples: Readonly<Record<string, readonly string[]>>;
}

/** All commands, in the order of the help. */
export const commandTable: readonly CommandEntry[] = [
  {
    create: compileCommand,
    examples: {
      compile: [
        'tsfront compile .',
        'tsfront compile . --offline --images images.json --format tree',
        'tsfront compile . --platform linux/amd64,linux/arm64 -o image.json',
      ],
    },
  },
  {
    create: checkCommand,
    examples: {
      check: [
        'tsfront check .',
        'tsfront check services/api/Dockerfile services/web/Dockerfile',
        'tsfront check . --format json',
      ],
    },
  },
  {
    create: fmtCommand,
    examples: {
      fmt: [
        'tsfront fmt',
        'tsfront fmt services/api/Dockerfile "docker/*.Dockerfile"',
        'tsfront fmt --check .',
        'tsfront fmt --diff . | git apply',
        'tsfront fmt - < Dockerfile',
      ],
    },
  },
  {
    create: contextCommand,
    examples: {
      context: [
        'tsfront context .',
        'tsfront context . --suggest',
        'tsfront context . --path dist/app',
        'tsfront context . --format json -o context.json',
      ],
    },
  },
  {
    create: explainCommand,
    examples: {
      explain: [
        'tsfront explain .',
        'tsfront explain . --from main~1',
        'tsfront explain . --build-arg VERSION=2 --from-build-arg VERSION=1',
        'tsfront explain . --record build.json && tsfront explain . --from build.json',
      ],
    },
  },
  {
    create: graphCommand,
    examples: {
      graph: [
        'tsfront graph . | dot -Tsvg > graph.svg',
        'tsfront graph . --format mermaid -o graph.mmd',
        'tsfront graph . --open',
        'tsfront graph . --record build.jsonl --format html -o graph.html',
      ],
    },
  },
  {
    create: lockCommand,
    examples: {
      lock: [
        'tsfront lock . --platform linux/amd64,linux/arm64',
        'tsfront lock . --check',
        'tsfront lock . --update alpine node:22',
        'tsfront lock . --policy policy.json',
      ],
    },
  },
  {
    create: lspCommand,
    examples: { lsp: ['tsfront lsp --stdio'] },
  },
  {
    create: buildCommand,
    examples: {
      build: [
        'tsfront build -t app:latest .',
        'tsfront build -t registry.example.com/app:1 --platform linux/amd64,linux/arm64 --push .',
        'tsfront build --secret id=token,env=TOKEN -o type=local,dest=out .',
        'tsfront build --check .',
      ],
    },
  },
  {
    create: solveCommand,
    examples: {
      solve: [
        'tsfront compile . -o image.json && tsfront solve image.json --local context=. -o type=image,name=app:latest',
        'tsfront solve image.json --local context=. -o type=local,dest=out',
        'tsfront solve -f build.ts . --target app -o type=local,dest=out',
      ],
    },
  },
  {
    create: workersCommand,
    examples: {
      workers: ['tsfront workers', 'tsfront workers --builder tcp://buildkit.example.com:1234 --json'],
    },
  },
  {
    create: duCommand,
    examples: {
      du: ['tsfront du', 'tsfront du --filter type=exec.cachemount --format json'],
    },
  },
  {
    create: pruneCommand,
    examples: {
      prune: ['tsfront prune', 'tsfront prune --force --keep-duration 24h --max-used-space 20GB'],
    },
  },
  {
    create: historyCommand,
    examples: {
      history: ['tsfront history ls'],
      'history ls': ['tsfront history ls --format json'],
      'history inspect': ['tsfront history inspect 5n8q0g0yr5m1'],
      'history logs': ['tsfront history logs 5n8q0g0yr5m1 --progress rawjson'],
      'history rm': ['tsfront history rm 5n8q0g0yr5m1'],
    },
  },
  {
    create: completionCommand,
    examples: {
      completion: [
        'source <(tsfront completion bash)',
        'tsfront completion zsh > ~/.zfunc/_tsfront',
        'tsfront completion fish > ~/.config/fish/completions/tsfront.fish',
      ],
    },
  },
];

/** The examples of all commands. */
export const examples: Readonly<Record<string, readonly string[]>> = Object.assign(
  {},
  ...commandTable.map((entry) => entry.examples),
);
