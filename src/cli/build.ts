/** `tsfront build`: builds on a daemon, with the flags of `docker buildx build`. */
import { Command, Option } from 'commander';
import type { BuildFlags } from './build/options.ts';
import { resourceKeys } from './build/resources.ts';
import { BUILD_ARG_FILE } from './build-args.ts';
import { endWith } from './exit.ts';
import type { Io } from './io.ts';
import { ALLOW_UNKNOWN, addListOption } from './list-option.ts';
import { progressOption } from './progress-option.ts';

/** Flags of `docker build` that BuildKit has no use for: what they ask for is so anyway, */
const idle = ['--compress', '--force-rm', '--rm'];
/** or cannot be had. */
const unmet = ['--isolation <technology>', '--security-opt <option>', '--squash'];

const shortNames: Readonly<Record<string, string>> = { memory: '-m, ', 'cpu-shares': '-c, ' };
/** What to do instead, where there is something. */
const advice: Readonly<Record<string, string>> = {
  '--security-opt': '`RUN --security=insecure` is its counterpart',
  '--squash': 'BuildKit does not squash: copy what you need into a last stage `FROM scratch`',
};

export function buildCommand(io: Io): Command {
  const command = new Command('build')
    .summary('build a Dockerfile on a BuildKit daemon')
    .description('Builds a Dockerfile on a BuildKit daemon, which may be inside a Docker engine.')
    .argument(
      '[context]',
      'a folder, "-" for an archive or a Dockerfile on standard input, a git repository or a URL',
      '.',
    )
    .usage('[options] [context]')
    .option('--allow-unknown', ALLOW_UNKNOWN)
    .option('-f, --file <path>', 'the Dockerfile: a path, "-" for standard input, or a URL')
    .option('-q, --quiet', 'print nothing but the image ID')
    .option('--call <method>', 'what to do: build, check, outline or targets')
    .option('--check', 'short for --call=check')
    .option('--cgroup-parent <cgroup>', 'parent cgroup of RUN')
    .option('--iidfile <file>', 'write the image ID to a file')
    .option('--load', "put the image into the Docker engine's store")
    .option('--metadata-file <file>', 'write what the build reported to a file, as JSON')
    .option('--network <mode>', 'network of RUN: default, none or host')
    .option('--no-cache', 'do not use the cache')
    .addOption(progressOption())
    .option('--provenance <value>', 'short for --attest=type=provenance')
    .option('--pull', 'always ask for newer images')
    .option('--push', 'push the image to its registry')
    .option('--sbom <value>', 'short for --attest=type=sbom')
    .option('--shm-size <bytes>', 'size of /dev/shm in RUN')
    .option('--target <stage>', 'the stage to build')
    .option('--verbose', 'show each warning with its details and its lines')
    .addOption(new Option('-D, --debug', 'buildx has it for --verbose').hideHelp());
  const lists: [string, string][] = [
    ['--add-host <host:ip>', 'a host that RUN knows'],
    ['--allow <entitlement>', 'allow network.host, security.insecure, device or buildx.local.delete'],
    ['--annotation <key=value>', 'an annotation of the image'],
    ['--auth-host <host>', 'a registry whose credentials the daemon may use; without it those of every one'],
    ['--attest <fields>', 'an attestation: type=provenance|sbom,…'],
    ['--build-arg <key=value>', 'a build argument; without =value that of the environment'],
    [...BUILD_ARG_FILE],
    ['--build-context <name=value>', 'a further context: a folder, docker-image://, oci-layout://, git or http'],
    ['--builder <[platform=]address>', 'the daemon; one for each platform to build each on its own'],
    ['--cache-from <fields>', 'where to take the cache from'],
    ['--cache-to <fields>', 'where to put the cache'],
    ['--label <key=value>', 'a label of the image'],
    ['-o, --output <fields>', 'what becomes of the result: type=local|tar|oci|docker|image|registry,dest=…'],
    ['--platform <platform>', 'a platform to build for'],
    [
      '--policy <fields>',
      'disabled=true builds without the Rego policy beside the Dockerfile, which only buildx evaluates',
    ],
    ['--resource <key=value>', `a limit of RUN: ${resourceKeys.join(', ')}`],
    ['--secret <fields>', 'a secret: id=…[,src=FILE|,env=NAME]'],
    ['--ssh <default|id[=paths]>', 'an SSH agent or keys'],
    ['-t, --tag <name>', 'a name of the image'],
    ['--ulimit <limit>', 'a limit of RUN'],
  ];
  for (const [flags, description] of lists) addListOption(command, flags, description);
  addListOption(command, '--no-cache-filter <stage>', 'do not use the cache for a stage', 'uncached');
  command.option(
    '--frontend <name>',
    "who reads the Dockerfile: tsfront, the daemon's dockerfile.v0 or an image (default: the image of its # syntax= line, except docker/dockerfile up to 1.26, which tsfront reads alike; with --provenance dockerfile.v0)",
  );
  // limits as older flags, in the order of the command line
  const limits = resourceKeys.map((key) =>
    new Option(`${shortNames[key] ?? ''}--${key} <value>`).hideHelp().argParser((value) => {
      command.setOptionValue('resource', [
        ...((command.getOptionValue('resource') as string[]) ?? []),
        `${key}=${value}`,
      ]);
    }),
  );
  for (const option of limits) command.addOption(option);
  for (const option of idle) command.addOption(new Option(option).hideHelp());
  const vain = unmet.map((it) => new Option(it).hideHelp());
  for (const option of vain) command.addOption(option);
  return command.action(async (context: string, flags: BuildFlags) => {
    const { build } = await import('./build/run.ts');
    const { warn } = await import('./build/report.ts');
    for (const option of vain)
      if (option.attributeName() in flags)
        warn(`${option.long} has no effect: ${advice[option.long!] ?? 'BuildKit has nothing like it'}`, io);
    endWith(await build(context, flags, io));
  });
}
