import type { AddInstruction, CopyInstruction, RunInstruction } from '../../parser/ast.ts';
import type { LintCommand } from '../lint-file.ts';
import { isMounted, readMounts } from '../mounts.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';

/** What installs the dependencies that files of the project list. */
const installers: readonly {
  readonly program: RegExp;
  readonly args: RegExp;
  readonly files: string;
}[] = [
  { program: /^npm$/, args: /^(?:ci|install|i)(?: -(?!g\b|-global)\S+)*$/, files: 'package.json package-lock.json' },
  { program: /^(?:yarn|yarnpkg)$/, args: /^(?:install)?(?: ?--\S+)*$/, files: 'package.json yarn.lock' },
  { program: /^pnpm$/, args: /^(?:install|i|fetch)(?: --?\S+)*$/, files: 'package.json pnpm-lock.yaml' },
  { program: /^bun$/, args: /^(?:install|i)(?: --\S+)*$/, files: 'package.json bun.lock' },
  { program: /^pip\d*$/, args: /^install (?:.* )?(?:-r|--requirement) ?\S+/, files: 'requirements.txt' },
  { program: /^go$/, args: /^mod download/, files: 'go.mod go.sum' },
  { program: /^bundler?$/, args: /^install/, files: 'Gemfile Gemfile.lock' },
  { program: /^composer$/, args: /^install/, files: 'composer.json composer.lock' },
  { program: /^poetry$/, args: /^install/, files: 'pyproject.toml poetry.lock' },
  { program: /^pipenv$/, args: /^(?:install|sync)(?: --\S+)*$/, files: 'Pipfile Pipfile.lock' },
  { program: /^cargo$/, args: /^(?:fetch|vendor)/, files: 'Cargo.toml Cargo.lock' },
  { program: /^dotnet$/, args: /^restore/, files: '*.csproj' },
  { program: /^mvnw?$/, args: /dependency:(?:go-offline|resolve)/, files: 'pom.xml' },
  { program: /^mix$/, args: /^deps\.get/, files: 'mix.exs mix.lock' },
];

const programs = new RegExp(installers.map(({ program }) => program.source).join('|'));

/** Every change of a source file makes the next build install all dependencies again. */
export const copyBeforeInstall: LintRule = {
  name: 'CopyBeforeInstall',
  summary: 'Dependencies are installed before the sources are copied.',
  why: 'A step is taken from the cache if the files that it depends on are the same. After `COPY . .`, each change of any file makes the next build install all dependencies again, which is often most of its time. If only the files that list the dependencies are copied first, that step is in the cache until one of them changes.',
  bad: [
    'FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm ci\n',
    'FROM python:3.14\nWORKDIR /app\nADD . /app\nRUN pip install --no-cache-dir -r requirements.txt\n',
    'FROM golang:1.26\nCOPY ./ /src/\nWORKDIR /src\nRUN go mod download\nRUN go build\n',
  ],
  good: [
    'FROM node:24\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n',
    'FROM node:24\nWORKDIR /app\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci\n',
    'FROM node:24\nRUN npm install -g pnpm\nCOPY . .\nRUN npm install -g .\n',
    'FROM python:3.14\nCOPY . .\nRUN pip install .\n',
  ],
  level: 'warning',
  *find({ stages }): Generator<Finding> {
    for (const { instructions, runs } of stages) {
      const byInstruction = new Map(runs.map((run) => [run.instruction, run]));
      let all: FileInstruction | undefined;
      for (const instruction of instructions) {
        if (instruction.kind === 'copy' || instruction.kind === 'add') {
          if (!all && copiesAll(instruction)) all = instruction;
        } else if (instruction.kind === 'run') {
          const run = byInstruction.get(instruction)!;
          const found = findInstaller(run);
          if (!found) continue;
          if (all) yield report(all, found);
          break;
        }
      }
    }
  },
};

type FileInstruction = CopyInstruction | AddInstruction;

function copiesAll(instruction: FileInstruction): boolean {
  const { sources, exclude } = instruction;
  const isOfContext = instruction.kind === 'add' || instruction.from === '';
  return isOfContext && exclude.length === 0 && sources.length === 1 && /^(?:\.\/?|\/)$/.test(sources[0]!.text);
}

interface Installer {
  readonly command: ShellCommand;
  readonly files: string;
}

/** The command that installs the dependencies of the project, without a cache of its own. */
function findInstaller({ instruction, script }: LintCommand<RunInstruction>): Installer | undefined {
  for (const command of script.commands) {
    if (!programs.test(command.name)) continue;
    const words = command.args.map(({ value, text }) => value ?? text).join(' ');
    const installer = installers.find(({ program, args }) => program.test(command.name) && args.test(words));
    if (installer)
      return hasCache(instruction) ? undefined : { command, files: requirements(words) ?? installer.files };
  }
  return undefined;
}

/** The names of the files with requirements that pip is given; undefined without such files, or for unknown ones. */
function requirements(words: string): string | undefined {
  const files = [...words.matchAll(/(?:^| )(?:-r|--requirement)[ =]?(\S+)/g)].map(([, file]) => file!);
  if (files.length === 0 || files.some((file) => /[$:*?]/.test(file))) return undefined;
  return files.map((file) => file.replace(/^.*\//, '')).join(' ');
}

function hasCache(run: RunInstruction): boolean {
  return readMounts(run).some(({ type }) => type === 'cache') || isMounted(run, '/root/.cache');
}

function report(copy: FileInstruction, { command, files }: Installer): Finding {
  const text = command.args.slice(0, 2).map((it) => it.text);
  const install = [command.name, ...text.filter((it) => !it.startsWith('-'))].join(' ');
  return {
    instruction: copy,
    range: copy.range,
    message: `each change of any file makes the next build run ${install} again`,
    hint: `Copy only ${files.replace(/ (?=\S*$)/, ' and ').replace(/ (?!and |\S*$)(?=\S+ and )/g, ', ')} before ${install}, and the rest after it.`,
    related: [{ message: 'installs the dependencies', range: command.range }],
  };
}
