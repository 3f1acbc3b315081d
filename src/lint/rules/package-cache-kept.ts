import type { EnvInstruction, RunInstruction } from '../../parser/ast.ts';
import { type LintCommand, type LintStage, runsAndTriggers } from '../lint-file.ts';
import { isMounted } from '../mounts.ts';
import { hasOption, type ManagerName, type PackageCommand, packageCommand } from '../package-manager.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand, ShellScript } from '../shell/command.ts';
import { inheritedInstructions, shippedStages } from '../stage-chain.ts';

/** What a package manager leaves behind, and how not to. */
interface Leftovers {
  /** A command that fills the directory. */
  fills(parts: PackageCommand): boolean;
  /** What is left: `the package lists`. */
  readonly what: string;
  /** Where it is. */
  readonly directory: string;
  /** A variable that turns the cache off. */
  readonly variable?: string;
  /** The way out that has no mount. */
  readonly hint: string;
  /** An option after the subcommand that leaves nothing. */
  readonly option?: string;
  /** Whether a further command cleans up. */
  cleans(command: ShellCommand): boolean;
}

const removes = (directory: RegExp) => (command: ShellCommand) =>
  (command.name === 'rm' || command.name === 'find') && command.args.some(({ text }) => directory.test(text));

const runs = (program: RegExp, subcommand: RegExp) => (command: ShellCommand) =>
  program.test(command.name) && command.args.some(({ value }) => subcommand.test(value ?? ''));

const removesDnf = removes(/\/var\/cache(?:\/(?:dnf|yum|libdnf5?)\b|\/?\*?$)/);
const cleansDnf = runs(/^(?:dnf5?|yum|microdnf|tdnf)$/, /^clean$/);
const removesApk = removes(/\/var\/cache\/apk|\/etc\/apk\/cache|\/var\/cache(?:\/\*)?$/);

const leftovers: Partial<Record<ManagerName, Leftovers>> = {
  apt: {
    fills: ({ subcommand }) => subcommand?.value === 'update',
    what: 'the package lists',
    directory: '/var/lib/apt/lists',
    hint: 'End the RUN with && rm -rf /var/lib/apt/lists/*, or mount a cache there (--mount=type=cache,target=/var/lib/apt/lists).',
    cleans: removes(/\/var\/lib\/(?:apt\b|\*|\{.*apt)|\/var\/lib\/?$/),
  },
  apk: {
    fills: (parts) => (parts.installs || parts.subcommand?.value === 'update') && !hasOption(parts, /^--no-cache$/),
    what: 'the package index',
    directory: '/var/cache/apk',
    option: '--no-cache',
    hint: 'Add --no-cache, or mount a cache at /var/cache/apk.',
    cleans: removesApk,
  },
  dnf: {
    fills: ({ installs, subcommand }) => installs || /^(?:update|upgrade|makecache)$/.test(subcommand?.value ?? ''),
    what: 'the package metadata',
    directory: '/var/cache',
    hint: 'End the RUN with a "clean all", or mount a cache (--mount=type=cache,target=/var/cache/dnf).',
    cleans: (command) => cleansDnf(command) || removesDnf(command),
  },
  zypper: {
    fills: ({ installs, subcommand }) => installs || /^(?:refresh|ref|update|up)$/.test(subcommand?.value ?? ''),
    what: 'the package metadata',
    directory: '/var/cache/zypp',
    hint: 'End the RUN with && zypper clean --all.',
    cleans: (command) =>
      runs(/^zypper$/, /^(?:clean|cc)$/)(command) || removes(/\/var\/cache(?:\/zypp|\/?\*?$)/)(command),
  },
  pip: {
    fills: (parts) =>
      parts.installs && !hasOption(parts, /^--(?:no-cache-dir|cache-dir)/) && !hasOption(parts, /^-e$|^--editable$/),
    what: 'the downloaded packages',
    directory: '/root/.cache/pip',
    variable: 'PIP_NO_CACHE_DIR',
    option: '--no-cache-dir',
    hint: 'Add --no-cache-dir, or mount a cache (--mount=type=cache,target=/root/.cache/pip).',
    cleans: (command) => removes(/\.cache\b/)(command) || runs(/^pip\d*$/, /^purge$/)(command),
  },
};

/** A package manager leaves its cache in a layer of the image. */
export const packageCacheKept: LintRule = {
  name: 'PackageCacheKept',
  summary: 'The caches of package managers do not stay in the image.',
  why: 'What a RUN leaves behind is part of its layer forever; a later `rm` only hides it. Package lists and downloads are tens of megabytes that no container needs. A cache mount keeps them outside of the image, and the next build has them too.\n\nOnly stages that are part of the image are looked at: the last one, and those that it is made from.',
  bad: [
    'FROM alpine:3.22\nRUN apk add curl\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl\n',
    'FROM fedora:43\nRUN dnf install -y git\n',
    'FROM python:3.14\nRUN pip install flask\n',
    'FROM opensuse/leap:16\nRUN zypper -n in git\n',
    'FROM python:3.14\nRUN pip install -U pip && pip install flask\n',
  ],
  good: [
    'FROM alpine:3.22\nRUN apk add --no-cache curl\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
    'FROM debian:13\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y curl\n',
    'FROM fedora:43\nRUN dnf install -y git && dnf clean all\n',
    'FROM python:3.14\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask\n',
    'FROM python:3.14 AS build\nRUN pip install build\nFROM scratch\nCOPY --from=build /x /x\n',
  ],
  level: 'warning',
  fix: 'safe',
  hadolint: 'DL3009, DL3019, DL3032, DL3036, DL3040, DL3042',
  *find(file): Generator<Finding> {
    for (const stage of shippedStages(file)) {
      const variables = variablesOf(stage);
      for (const run of runsAndTriggers(stage)) {
        const { instruction, script } = run;
        const filling = new Map<Leftovers, FillingCommand[]>();
        for (const command of script.commands) {
          const parts = packageCommand(command);
          const left = parts && leftovers[parts.manager];
          if (!parts || !left?.fills(parts)) continue;
          const known = filling.get(left);
          if (known) known.push({ command, parts });
          else filling.set(left, [{ command, parts }]);
        }
        for (const [left, commands] of filling) {
          const { variable, directory } = left;
          if (variable && (variables.has(variable) || setsVariable(script, variable))) continue;
          if (isElsewhere(instruction, directory) || script.commands.some((it) => left.cleans(it))) continue;
          yield report(run, commands, left);
        }
      }
    }
  },
};

interface FillingCommand {
  readonly command: ShellCommand;
  readonly parts: PackageCommand;
}

/** One finding for all commands of a RUN: they leave the same directory. */
function report(
  { instruction }: LintCommand<RunInstruction>,
  commands: readonly FillingCommand[],
  { what, directory, hint, option }: Leftovers,
): Finding {
  const { command, parts } = commands[0]!;
  const { program, subcommand } = parts;
  const ends = commands.map((it) => it.parts.subcommand!.range.end);
  return {
    instruction,
    range: { start: command.nameWord!.range.start, end: ends[0]! },
    message: `${program} ${subcommand!.value} leaves ${what} in the image, in ${directory.replace('/root/', '~/')}`,
    // Each program of its kind has a directory of its own.
    hint: hint.replace('/var/cache/dnf', dnfCaches[program] ?? '/var/cache/dnf'),
    fix:
      option === undefined
        ? undefined
        : {
            title: `Add ${option}`,
            edits: ends.map((at) => ({ range: { start: at, end: at }, text: ` ${option}` })),
            safety: 'safe',
            changes: `the layer lacks ${what}`,
          },
  };
}

/** The caches of programs that are like dnf, if they are not where that has its own. */
const dnfCaches: Readonly<Record<string, string>> = {
  yum: '/var/cache/yum',
  microdnf: '/var/cache/yum',
  dnf5: '/var/cache/libdnf5',
  tdnf: '/var/cache/tdnf',
};

/** dnf and yum have a directory each below /var/cache. */
function isElsewhere(run: RunInstruction, directory: string): boolean {
  if (directory !== '/var/cache')
    return isMounted(run, directory) || (directory.startsWith('/root/') && hasUserCache(run));
  return ['/var/cache/dnf', ...Object.values(dnfCaches)].some((it) => isMounted(run, it));
}

/** A cache in the home directory of a user. */
function hasUserCache({ mounts }: RunInstruction): boolean {
  return mounts.some(({ text }) => /type=cache/.test(text) && /\.cache\b|pip/.test(text));
}

function variablesOf(stage: LintStage): ReadonlySet<string> {
  const envs = inheritedInstructions(stage).filter((it): it is EnvInstruction => it.kind === 'env');
  return new Set(envs.flatMap(({ pairs }) => pairs.map(({ key }) => key)));
}

function setsVariable({ commands }: ShellScript, name: string): boolean {
  return commands.some(
    ({ assignments, args }) =>
      assignments.some((it) => it.name === name) || args.some(({ text }) => text.startsWith(`${name}=`)),
  );
}
