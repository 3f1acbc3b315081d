/**
 * Every option of every command, each declared once: its flags, its help and the type of its value. A command takes
 * those that it has; the types of its action follow from them.
 */
import { type Command, type CommandUnknownOpts, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { ProgressMode } from '../../client/index.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { lockModes } from '../../lock/lock-mode.ts';
import { resourceKeys } from './resources.ts';

/** The values that the options of a command have. */
export type OptionsOf<C extends CommandUnknownOpts> =
  C extends Command<infer _, infer Values> ? Readonly<Values> : never;

/** The values of `--progress`. */
export const progressModes = [
  'auto',
  'none',
  'plain',
  'quiet',
  'rawjson',
  'tty',
] as const satisfies readonly ProgressMode[];

/** Every option of every command, by its attribute name. */
export const options = {
  stdio: new Option('--stdio', 'speak over standard input and output: the default, and the only way'),
  clientProcessId: new Option('--clientProcessId <id>', 'end when this process of the editor is gone')
    .argParser((text) => {
      if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be the number of a process.');
      return text;
    })
    .hideHelp(),
  // What to build.
  file: new Option(
    '-f, --file <file>',
    'Dockerfile or build program: a path, an http address, or - for standard input (default: Dockerfile in the context)',
  ),
  fileToSolve: new Option(
    '-f, --file <file>',
    'Dockerfile or build program to compile and build: a path, an http address, or - for standard input',
  ),
  target: new Option('--target <stage>', 'stage to build (default: the last stage)'),
  buildArg: list('--build-arg <name=value>', 'value of an ARG; NAME alone takes the value from the environment'),
  buildArgFile: list(
    '--build-arg-file <file>',
    'file of build arguments, one NAME=VALUE per line, as for `docker run --env-file`',
  ),
  label: list('--label <name=value>', 'label of the image'),
  platform: list('--platform <platforms>', 'target platforms, separated by commas'),
  buildContext: list(
    '--build-context <name=value>',
    'named context: a directory, docker-image://IMAGE, oci-layout://DIRECTORY, a git repository or an http address',
  ),
  noCache: new Option('--no-cache', 'do not use the build cache; --no-cache=STAGES only for these stages'),
  uncached: named<'--uncached <stages>'>(
    list('--no-cache-filter <stages>', 'the same as --no-cache=STAGES'),
    'uncached',
  ),
  policy: list(
    '--policy <fields>',
    'disabled=true ignores the Rego policy beside the Dockerfile, which only buildx evaluates',
  ),
  lock: new Option(
    '--lock <mode>',
    'how Dockerfile.lock is used: use takes what it pins, frozen also refuses what it does not pin',
  ).choices(lockModes),
  frozen: new Option('--frozen', 'short for --lock=frozen'),

  // Compiling without a daemon.
  opt: new Option('--opt <name=value>', 'any other frontend option').argParser(appendPair),
  images: list('--images <file>', 'image table: the digest and config of images for each platform'),
  ociLayout: new Option(
    '--oci-layout <name=directory>',
    'take the image NAME, or oci-layout://NAME, from an OCI layout',
  ).argParser(appendPair),
  writeImages: new Option('--write-images <file>', 'write the images that were used to an image table, for --images'),
  mirror: new Option('--mirror <host=url>', 'registry to ask before HOST').argParser(appendToName),
  offline: new Option('--offline', 'never use the network'),
  cacheDir: new Option('--cache-dir <directory>', 'directory for registry content (default: ~/.cache/tsfront)'),
  sessionId: new Option('--session-id <id>', 'session that local sources name').hideHelp(),
  outputFile: new Option('-o, --output <file>', 'file to write to (default: standard output)'),
  compileFormat: new Option(
    '--format <format>',
    'json has the whole image, pb only the graph as `buildctl build` reads it, tree is for people',
  )
    .choices(['json', 'pb', 'tree'])
    .default('json'),
  imageConfigOutput: new Option(
    '--image-config <file>',
    'also write the image config, which pb and tree lack; one file for each platform',
  ),
  graphFormat: new Option(
    '--format <format>',
    'dot is for Graphviz, mermaid for Markdown, svg an image, html a page for browsers, json for programs (default: dot, or html with --open)',
  ).choices(['dot', 'mermaid', 'svg', 'html', 'json']),
  open: new Option('--open', 'show the page in a browser: a temporary file, or that of --output'),
  record: new Option(
    '--record <file>',
    'progress of a build, as --progress rawjson writes it: shows times and what came from the cache',
  ),
  explanation: new Option(
    '--explain <file>',
    'what explain --format json has written for the same build: colours the steps that run again, and says why',
  ),
  checkFormat: new Option(
    '--format <format>',
    'text is for people, json is the JSON of frontend.lint (a list for directories, patterns and several paths), the others are for services that show findings',
  )
    .choices(['text', 'json', 'sarif', 'github', 'gitlab', 'checkstyle'])
    .default('text'),
  fix: new Option('--fix', 'apply the safe fixes to the files, and report what is left'),
  unsafeFixes: new Option('--unsafe-fixes', 'apply also the fixes that may change what is built; look at them'),
  dryRun: new Option('--dry-run', 'show what the fixes would change, and write nothing'),
  maxWarnings: new Option('--max-warnings <number>', 'the number of warnings with which the exit code is still 0')
    .argParser(wholeNumber)
    .default(0),
  quietCheck: new Option('-q, --quiet', 'print the problems only: no notes and no counts'),
  watch: new Option('--watch', 'check again whenever a Dockerfile, an ignore file or the configuration changes'),
  config: new Option(
    '--config <file>',
    'configuration of the rules (default: tsfront.json in the directory of the Dockerfile or above)',
  ),
  noConfig: new Option('--no-config', 'use no configuration file'),

  formatCheck: new Option(
    '--check',
    'write nothing; list the files that are not formatted, and exit with 1 if there are any',
  ),
  diff: new Option('--diff', 'write nothing; print the differences, which `git apply` takes'),

  contextFormat: new Option('--format <format>', 'text is for people, json is for programs')
    .choices(['text', 'json'])
    .default('text'),
  from: new Option(
    '--from <side>',
    'the older build: a git revision, a directory, a record, a compiled file or a Dockerfile (default: the last build with `tsfront build`, else HEAD; the same build if another --from option is given)',
  ),
  fromFile: new Option('--from-file <file>', 'Dockerfile of the older build (default: as --file)'),
  fromTarget: new Option('--from-target <stage>', 'target of the older build (default: as --target)'),
  fromBuildArg: list('--from-build-arg <name=value>', 'build argument of the older build (default: as --build-arg)'),
  fromPlatform: list('--from-platform <platforms>', 'platforms of the older build (default: as --platform)'),
  to: new Option(
    '--to <side>',
    'the newer build, as for --from (default: the context as it is); --file, --target, --build-arg and --platform are its options',
  ),
  recordFile: new Option('--record <file>', 'also write the record of the newer build, for --from'),
  explain: new Option('--explain', 'say which steps ran and why, compared with the record of an earlier build'),
  buildRecord: new Option(
    '--record <file>',
    'record to write, and with --explain to compare with (default: one for each Dockerfile, context and target in ~/.cache/tsfront/builds)',
  ),
  recordOff: switchOff<'--record-off'>(
    '--no-record',
    'keep no record of the build (also: TSFRONT_RECORD=0)',
    'recordOff',
  ),
  suggest: new Option(
    '--suggest',
    'print patterns for the ignore file, as a difference that `git apply` takes; nothing is written',
  ),
  listFiles: new Option('--files', 'list every file that an instruction takes'),
  askedPath: list('--path <path>', 'say what happens to a path of the context, and which rule or line is why'),

  // Locking.
  lockCheck: new Option(
    '--check',
    'write nothing; the exit code is 1 if a source is not locked, has changed, or is locked and no longer used',
  ),
  update: new Option(
    '--update [names...]',
    'find out anew what these sources are: names as in the lock, images also without tag; all sources without names',
  ),
  sourcePolicy: new Option('--policy <file>', 'also write the lock as a source policy of BuildKit'),
  lockFormat: new Option('--format <format>', 'text is for people, json has everything about each source')
    .choices(['text', 'json'])
    .default('text'),

  // Builds on a daemon.
  allowUnknown: new Option('--allow-unknown', 'pass types and attributes that tsfront does not know to the daemon'),
  quiet: new Option('-q, --quiet', 'print only the image ID'),
  call: new Option('--call <method>', 'what to do: build, check, outline or targets'),
  check: new Option('--check', 'short for --call=check'),
  cgroupParent: new Option('--cgroup-parent <cgroup>', 'parent cgroup of RUN'),
  iidfile: new Option('--iidfile <file>', 'write the image ID to a file'),
  load: new Option('--load', 'load the image into the Docker engine'),
  metadataFile: new Option('--metadata-file <file>', 'write what the build reports to a file, as JSON'),
  network: new Option('--network <mode>', 'network of RUN: default, none or host'),
  progress: new Option('--progress <mode>', 'how to show progress')
    .choices(progressModes)
    .default('auto', 'BUILDKIT_PROGRESS, or auto'),
  provenance: new Option('--provenance <value>', 'short for --attest=type=provenance'),
  pull: new Option('--pull', 'check the registry for newer images'),
  push: new Option('--push', 'push the image to its registry'),
  sbom: new Option('--sbom <value>', 'short for --attest=type=sbom'),
  shmSize: new Option('--shm-size <bytes>', 'size of /dev/shm in RUN'),
  verbose: new Option('--verbose', 'show each warning with its details and lines'),
  debug: new Option('-D, --debug', "buildx's name for --verbose").hideHelp(),
  addHost: list('--add-host <host:ip>', 'host name and IP address for RUN'),
  allow: list('--allow <entitlement>', 'allow network.host, security.insecure, device or buildx.local.delete'),
  annotation: list('--annotation <key=value>', 'annotation of the image'),
  authHost: list('--auth-host <host>', 'registry whose credentials the daemon may use (default: all registries)'),
  attest: list('--attest <fields>', 'attestation: type=provenance|sbom,…'),
  builders: list(
    '--builder <[platform=]address>',
    'daemon; one for each platform builds each platform on its own daemon',
  ),
  cacheFrom: list('--cache-from <fields>', 'cache to read'),
  cacheTo: list('--cache-to <fields>', 'cache to write'),
  output: list('-o, --output <fields>', 'where the result goes: type=local|tar|oci|docker|image|registry,dest=…'),
  resource: list('--resource <key=value>', `limit of RUN: ${resourceKeys.join(', ')}`),
  secret: list('--secret <fields>', 'secret: id=…[,src=FILE|,env=NAME]'),
  ssh: list('--ssh <default|id[=paths]>', 'SSH agent or keys'),
  tag: list('-t, --tag <name>', 'name of the image'),
  ulimit: list('--ulimit <limit>', 'ulimit of RUN'),
  frontend: new Option(
    '--frontend <name>',
    "frontend that reads the Dockerfile: tsfront, the daemon's dockerfile.v0 or an image (default: the image of the # syntax= line, except docker/dockerfile up to 1.26, which tsfront equals; dockerfile.v0 with --provenance)",
  ),
  local: list('--local <name=directory>', 'directory for a local source'),
  imageConfigInput: new Option(
    '--image-config <file>',
    'image config for a definition in bytes, as `compile --image-config` writes it',
  ),

  // What a daemon has.
  builder: new Option('--builder <address>', 'daemon'),
  json: new Option('--json', 'print JSON'),
  shortForJson: new Option('--json', 'short for --format=json'),
  recordFormat: recordFormat('records', ['table', 'pretty', 'json']),
  buildsFormat: recordFormat('builds', ['table', 'json']),
  buildFormat: recordFormat('the build', ['json']),
  wholeRecords: new Option('--verbose', 'show everything about each record'),
  filter: list('--filter <filter>', 'only records that match all filters: type=regular, inuse=false, description~=…'),
  pruneFilter: list(
    '--filter <filter>',
    'only records that match all filters: type=regular, inuse=false, description~=…; until=24h is --keep-duration 24h',
  ),
  all: new Option('-a, --all', 'also remove internal and frontend records'),
  force: new Option('-f, --force', 'do not ask'),
  keepDuration: new Option('--keep-duration <duration>', 'keep what was used within this time, such as 24h'),
  reservedSpace: new Option('--reserved-space <size>', 'always keep this much, such as 10GB'),
  keepStorage: new Option('--keep-storage <size>', 'former name of --reserved-space').hideHelp(),
  maxUsedSpace: new Option('--max-used-space <size>', 'maximum size of the cache afterwards'),
  minFreeSpace: new Option('--min-free-space <size>', 'minimum free disk space afterwards'),
  logsProgress: new Option('--progress <mode>', 'how to show progress').choices(['plain', 'rawjson']).default('plain'),
};

/** Limits of RUN as `docker build` had them before `--resource`, whose value they share: the order of all counts. */
export const resourceOptions: readonly Option<string>[] = resourceKeys.map((key) => {
  const short = { memory: '-m, ', 'cpu-shares': '-c, ' }[key] ?? '';
  const option = list(`${short}--${key} <value>`, '', (value) => `${key}=${value}`).hideHelp();
  return named(option, 'resource');
});

/** An option that may be given several times. Its value is a list, empty if it is not given. */
function list<Flags extends string>(flags: Flags, description: string, parse = (value: string) => value) {
  return new Option(flags, description)
    .default<readonly string[]>([])
    .argParser((value: string, previous: readonly string[]): readonly string[] => [...previous, parse(value)]);
}

/**
 * Gives the value of an option another name than that of its flag. An option that begins with `no-` is no negation
 * then.
 * @typeParam Flags flags whose value has that name, for the types
 */
function named<Flags extends string>(option: Option<string>, name: string) {
  option.negate = false;
  option.attributeName = () => name;
  return option as Option as Option<Flags, undefined, readonly string[], readonly string[]>;
}

/** An option that begins with `no-`, and is no negation. @typeParam Flags flags whose value has that name */
function switchOff<Flags extends string>(flags: string, description: string, name: string) {
  const option = new Option(flags, description);
  option.negate = false;
  option.attributeName = () => name;
  return option as unknown as Option<Flags>;
}

function appendPair(value: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [name, text] = splitAtFirst(value, '=');
  if (name === '' || text === undefined) throw new InvalidArgumentError('It must have the form NAME=VALUE.');
  return new Map([...before, [name, text]]);
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

/** Collects pairs in which a name may have several values. */
function appendToName(
  value: string,
  before: ReadonlyMap<string, readonly string[]> = new Map(),
): ReadonlyMap<string, readonly string[]> {
  const [[name, last] = ['', '']] = appendPair(value);
  return new Map([...before, [name, [...(before.get(name) ?? []), last]]]);
}

/** `--format`. Docker's also takes Go templates, which nothing here evaluates. */
function recordFormat<const Choice extends string>(records: string, choices: readonly Choice[]) {
  const isChoice = (value: string): value is Choice => choices.some((it) => it === value);
  const perLine = choices.length > 1 ? '; json prints one object per line' : '';
  return new Option('--format <format>', `how to show ${records}: ${choices.join(', ')}${perLine}`).argParser(
    (value: string): Choice => {
      if (isChoice(value)) return value;
      if (value.includes('{{') || value.startsWith('table '))
        throw new InvalidArgumentError('Go templates are not evaluated: filter the output of --format json with jq.');
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    },
  );
}
