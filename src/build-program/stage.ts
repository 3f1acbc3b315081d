/** Stages: an image with instructions, as between two FROMs of a Dockerfile. */
import { fromBase64 } from '../go/base64.ts';
import { ask } from './frontend.ts';
import { graphOf, type NameOf, type Node } from './graph.ts';
import { RunMount } from './mount.ts';
import { callers } from './place.ts';
import type { InstructionJson } from './protocol.ts';
import { noteStageArgument } from './settings.ts';
import { nodeOf, originOf, readsOf, Source } from './source.ts';
import {
  describe,
  Expansion,
  literalOf,
  refuseUnknown,
  requireList,
  requireOptions,
  shown,
  type Text,
  wordOf,
} from './text.ts';

/**
 * A command: a text for the shell, or a program with its arguments.
 *
 * @example
 * import type { Command, Stage } from 'tsfront/build';
 *
 * const all = (stage: Stage, commands: readonly Command[]) =>
 *   commands.reduce((it, command) => it.run(command), stage);
 * export const prepared = (stage: Stage) => all(stage, ['make all', ['make', 'install']]);
 */
export type Command = string | readonly string[];

/**
 * Options of {@link Stage.run}.
 *
 * @example
 * const offline = { network: 'none', mounts: [mount.cache('/root/.npm')] } as const;
 * stage.run('npm ci --offline', offline)
 */
export interface StageRunOptions {
  /** What is mounted while the command runs (see `mount`). */
  readonly mounts?: readonly RunMount[];
  /** The network of the command; the build's if absent. */
  readonly network?: 'default' | 'none' | 'host';
  /** `insecure` runs without the sandbox and needs the entitlement `security.insecure`; `sandbox` if absent. */
  readonly security?: 'sandbox' | 'insecure';
  /** CDI devices, such as `vendor.com/gpu=all`; with `,required` the build fails without the device. */
  readonly devices?: readonly string[];
}

/**
 * Options that {@link Stage.copy} and {@link Stage.add} have in common.
 *
 * @example
 * const owned = { chown: '1000:1000', chmod: 'u=rwX,go=rX', exclude: ['*.md'] };
 * stage.copy('.', '/app', owned).add('vendor.tar', '/app/vendor/', owned)
 */
export interface StageFileOptions {
  /** `USER[:GROUP]`, by name or number; root if absent. */
  readonly chown?: Text;
  /** Permission bits in octal (`755`) or symbolic (`u=rwX,go=rX`); the source's if absent. */
  readonly chmod?: Text;
  /** Whether the files make a layer that does not depend on what is below it; false if absent. */
  readonly link?: boolean;
  /** Patterns of files that are not copied. */
  readonly exclude?: readonly string[];
}

/**
 * Options of {@link Stage.copy}.
 *
 * @example
 * stage.copy(['services/api/go.mod', 'services/web/go.mod'], '/src/', { parents: true })
 * stage.copy(built, '/out/app', '/app', { link: true, chmod: '755' })
 */
export interface StageCopyOptions extends StageFileOptions {
  /** Whether to keep the parent directories of the sources; false if absent. */
  readonly parents?: boolean;
}

/**
 * Options of {@link Stage.add}.
 *
 * @example
 * stage.add('https://example.com/tool.tar.gz', '/opt/', { checksum: `sha256:${'0'.repeat(64)}`, unpack: true })
 * stage.add('https://github.com/example/app.git#v1', '/src', { keepGitDir: true })
 */
export interface StageAddOptions extends StageFileOptions {
  /** Digest of a download, or commit of a repository. */
  readonly checksum?: Text;
  /** Whether to keep `.git` of a repository. */
  readonly keepGitDir?: boolean;
  /** Whether to unpack archives; local ones are unpacked and downloads are not if absent. */
  readonly unpack?: boolean;
}

/**
 * Options of {@link Stage.healthcheck}. Durations are texts such as `1m30s`.
 *
 * @example
 * stage.healthcheck(['wget', '-q', 'http://localhost/'], { interval: '10s', timeout: '2s', retries: 5 })
 */
export interface StageHealthcheckOptions {
  /** Time between two checks; 30s if absent. */
  readonly interval?: string;
  /** How long a check may take; 30s if absent. */
  readonly timeout?: string;
  /** How long failures do not count after the start; 0s if absent. */
  readonly startPeriod?: string;
  /** Time between two checks in the start period; 5s if absent. */
  readonly startInterval?: string;
  /** Failures in a row that make a container unhealthy; 3 if absent. */
  readonly retries?: number;
}

/**
 * A file that the program writes; made by {@link file}.
 *
 * @example
 * import { file, type InlineFile, scratch } from 'tsfront/build';
 *
 * const settings = (port: number): InlineFile => file('app.toml', `port = ${port}\n`);
 * export default () => scratch().copy(settings(8080), '/etc/');
 */
export class InlineFile {
  /** The name of the file where the destination is a directory; '' if it has none. */
  readonly name: string;
  /** The content. */
  readonly content: string;
  /** Whether `$NAME` in the content is expanded. */
  readonly expand: boolean;
  constructor(name: string, content: string, isExpanded: boolean) {
    this.name = name;
    this.content = content;
    this.expand = isExpanded;
  }
}

/**
 * A file with a content that the program gives, for {@link Stage.copy}: what a here-document is in a Dockerfile. It
 * needs a name only where the destination is a directory.
 *
 * @example
 * scratch().copy(file('Hello\n'), '/etc/motd')
 * scratch().copy([file('motd', 'Hello\n'), file('issue', 'Debian\n')], '/etc/')
 */
export function file(content: Text): InlineFile;
export function file(name: string, content: Text): InlineFile;
export function file(...given: readonly unknown[]): InlineFile {
  const content = given.length > 1 ? given[1] : given[0];
  const name = given.length > 1 ? literalOf(given[0], 'the name of a file') : '';
  if (given.length > 1 && (/^\.{0,2}$/.test(name) || /[\s/'"\\$<\0]/.test(name)))
    throw new TypeError(
      `file: ${describe(name)} is not a name: it has no blanks, slashes, quotes, backslashes, "$" and "<"`,
    );
  const isExpanded = content instanceof Expansion;
  return new InlineFile(name, isExpanded ? content.text : contentOf(content), isExpanded);
}

/** The content of a file. JavaScript may have `'[object Promise]'` in quotes. */
function contentOf(content: unknown): string {
  if (typeof content !== 'string' || /(?<!['"`])\[object Promise\]/.test(content))
    return literalOf(content, 'the content of a file');
  return content.toWellFormed();
}

/** What a file without a name is called before it is copied: as most Dockerfiles call it, so that caches are shared. */
const namelessFile = 'EOF';

type Sources = Text | InlineFile | readonly (Text | InlineFile)[];
/**
 * A stage: a base and instructions, as from a FROM on in a Dockerfile. It never changes: each method gives a new stage,
 * so stages can be continued in several ways, and be kept in variables and passed to functions.
 *
 * @example
 * const base = image('node:24-alpine').workdir('/app').copy('package*.json', './').run('npm ci');
 * const tested = base.copy('.', '.').run('npm test');
 * const released = base.copy('.', '.').run('npm run build').cmd(['node', 'dist/server.js']);
 */
export class Stage extends Source {
  /** @internal */
  constructor(node: Node) {
    super({ node });
  }

  /**
   * Runs a command. A string is a command of the shell, which may have several lines; one that begins with `#!` is a
   * script of the interpreter that its first line names. An array is a program and its arguments, without a shell.
   *
   * @example
   * image('golang:1.25').run('go build ./...', { mounts: [mount.cache('/root/.cache/go-build')] })
   */
  run(command: Command, options: StageRunOptions = {}): Stage {
    const args = runArguments(command);
    requireOptions(
      'run',
      options,
      Array.isArray(options) ? ": a program and its arguments are one list, ['a', 'b']" : '',
    );
    const { mounts = [], network, security, devices = [], ...unknown } = options;
    refuseUnknown('run', unknown);
    requireList('run: mounts', mounts);
    requireList('run: devices', devices);
    for (const item of mounts)
      if (!(item instanceof RunMount))
        throw new TypeError(`run: a mount must be made by mount.…, not ${describe(item)}`);
    const flags: FlagList = [
      ['network', network],
      ['security', security],
      ...devices.map((device) => ['device', literalOf(device, 'run: a device')] as const),
    ];
    const flagsOf = (nameOf: NameOf): FlagList => [
      ...mounts.map((item) => ['mount', item.flag(nameOf)] as const),
      ...flags,
    ];
    return step(
      this,
      'run',
      flagsOf,
      args,
      mounts.flatMap((item) => item.reads),
    );
  }

  /**
   * Copies files of the build context, of a {@link context}, or of another stage.
   *
   * @example
   * stage.copy(['package.json', 'package-lock.json'], './')
   * stage.copy(built, '/out/app', '/app', { chown: '65532' })
   */
  copy(sources: Sources, dest: Text, options?: StageCopyOptions): Stage;
  /** Copies files of another stage, or of a named context. */
  copy(from: Source, sources: Sources, dest: Text, options?: StageCopyOptions): Stage;
  copy(...given: readonly unknown[]): Stage {
    const isFrom = given[0] instanceof Source;
    const [sources, dest, options = {}, more] = (isFrom ? given.slice(1) : given) as [
      Sources,
      Text,
      StageCopyOptions?,
      unknown?,
    ];
    if (more !== undefined) throw new TypeError('copy: too many arguments');
    const words = fileArguments('copy', sources, dest);
    requireOptions('copy', options, listAdvice(options));
    const { parents, ...shared } = options;
    const from = isFrom ? originOf(given[0], 'copy: the first argument') : undefined;
    const flags: FlagList = [['parents', parents || undefined], ...fileFlags('copy', shared)];
    return step(
      this,
      'copy',
      (nameOf) => [['from', from && ((from.node ? nameOf(from.node) : from.name) || undefined)], ...flags],
      words,
      readsOf(from),
    );
  }

  /**
   * Adds files of the build context, downloads (`https://…`) and repositories (`https://….git#ref`). Local archives are
   * unpacked.
   *
   * @example
   * stage.add('https://example.com/tool.tar.gz', '/opt/', { checksum: 'sha256:…', unpack: true })
   */
  add(sources: Sources, dest: Text, options: StageAddOptions = {}): Stage {
    const args = fileArguments('add', sources, dest);
    requireOptions('add', options, listAdvice(options));
    const { checksum, keepGitDir, unpack, ...shared } = options;
    const flags: FlagList = [
      ['checksum', optionalWord(checksum, 'checksum')],
      ['keep-git-dir', keepGitDir === undefined ? undefined : String(keepGitDir)],
      ['unpack', unpack === undefined ? undefined : String(unpack)],
      ...fileFlags('add', shared),
    ];
    return step(this, 'add', () => flags, args);
  }

  /**
   * Sets environment variables, for the commands that follow and for the image.
   *
   * @example
   * stage.env('CGO_ENABLED', '0').env({ PATH: expand('/opt/bin:$PATH'), LANG: 'C.UTF-8' })
   */
  env(name: string, value: Text): Stage;
  /** Sets several environment variables with one instruction. */
  env(variables: Readonly<Record<string, Text>>): Stage;
  env(variables: string | Readonly<Record<string, Text>>, value?: Text): Stage {
    return step(this, 'env', noFlags, pairArguments('env', variables, value));
  }

  /** Sets labels of the image. */
  label(name: string, value: Text): Stage;
  /** Sets several labels with one instruction. */
  label(labels: Readonly<Record<string, Text>>): Stage;
  label(labels: string | Readonly<Record<string, Text>>, value?: Text): Stage {
    return step(this, 'label', noFlags, pairArguments('label', labels, value));
  }

  /**
   * Declares a build argument in the stage, as ARG does: commands that follow have it in their environment. Where only
   * the program needs the value, the function `arg` is what to use.
   *
   * @example
   * stage.arg('TARGETARCH').arg({ VERSION: version, COMMIT: undefined })
   */
  arg(name: string, value?: Text): Stage;
  /** Declares several build arguments with one instruction; undefined for no default. */
  arg(args: Readonly<Record<string, Text | undefined>>): Stage;
  arg(args: string | Readonly<Record<string, Text | undefined>>, value?: Text): Stage {
    const pairs = pairArguments('arg', args, value);
    for (const [key] of pairs.pairs!) noteStageArgument(key);
    return step(this, 'arg', noFlags, pairs);
  }

  /** Sets the working directory; a relative path continues the one before. */
  workdir(path: Text): Stage {
    return step(this, 'workdir', noFlags, { words: [wordOf(path, 'workdir: the path')] });
  }

  /** Sets the user, `USER[:GROUP]` by name or number, of the commands that follow and of containers. */
  user(user: Text | number): Stage {
    const userName = typeof user === 'number' ? String(user) : user;
    return step(this, 'user', noFlags, { words: [wordOf(userName, 'user: the user')] });
  }

  /** Names the ports of containers, such as `8080` or `53/udp`. */
  expose(...ports: readonly (Text | number)[]): Stage {
    const words = ports.map((port) => wordOf(typeof port === 'number' ? String(port) : port, 'expose: a port'));
    return step(this, 'expose', noFlags, { words });
  }

  /** Names paths that are volumes in containers. */
  volume(...paths: readonly Text[]): Stage {
    return step(this, 'volume', noFlags, { words: paths.map((path) => wordOf(path, 'volume: a path')) });
  }

  /** Sets the program of containers; `[]` removes that of the base. */
  entrypoint(command: Command): Stage {
    return step(this, 'entrypoint', noFlags, commandOf(command, 'entrypoint', true));
  }

  /**
   * Sets the default command of containers, or the default arguments of their program; `[]` removes that of the base.
   */
  cmd(command: Command): Stage {
    return step(this, 'cmd', noFlags, commandOf(command, 'cmd', true));
  }

  /** Sets the shell of commands that are strings. */
  shell(shell: readonly string[]): Stage {
    requireList('shell', shell);
    return step(this, 'shell', noFlags, { words: shell.map((word) => literalOf(word, 'shell: a word')), isJson: true });
  }

  /** Sets the signal that stops containers, such as `SIGTERM` or `9`. */
  stopSignal(signal: Text): Stage {
    return step(this, 'stopsignal', noFlags, { words: [wordOf(signal, 'stopSignal: the signal')] });
  }

  /** Sets how containers are checked; `false` removes the check of the base. */
  healthcheck(command: Command | false, options: StageHealthcheckOptions = {}): Stage {
    if (command === false) return step(this, 'healthcheck', noFlags, { words: ['NONE'] });
    requireOptions('healthcheck', options);
    const { interval, timeout, startPeriod, startInterval, retries, ...unknown } = options;
    refuseUnknown('healthcheck', unknown);
    const flags: FlagList = [
      ['interval', interval],
      ['timeout', timeout],
      ['start-period', startPeriod],
      ['start-interval', startInterval],
      ['retries', retries === undefined ? undefined : String(retries)],
    ];
    const { words, isJson } = commandOf(command, 'healthcheck');
    return step(this, 'healthcheck', () => flags, { words: ['CMD', ...words], ...(isJson && { isJson }) });
  }

  /**
   * Stores an instruction for builds that start from the image.
   * @param instruction as in a Dockerfile, such as `COPY . /app`
   * @param options the stages that the instruction copies or mounts from, by the names that `as` gives them
   */
  onbuild(instruction: string, options: { readonly stages?: readonly Stage[] } = {}): Stage {
    requireOptions('onbuild', options);
    const { stages = [], ...unknown } = options;
    refuseUnknown('onbuild', unknown);
    requireList('onbuild: stages', stages);
    const words = [literalOf(instruction, 'onbuild: the instruction')];
    const reads = stages.flatMap((stage) => readsOf(originOf(stage, 'onbuild: a stage')));
    return step(this, 'onbuild', noFlags, { words }, reads);
  }

  /**
   * Sets the author of the image, as MAINTAINER does, for which the label `org.opencontainers.image.authors` is used
   * today.
   */
  maintainer(name: string): Stage {
    return step(this, 'maintainer', noFlags, { words: [literalOf(name, 'maintainer: the name')] });
  }

  /**
   * Names the stage, for the names of steps and `--no-cache-filter`, and ends it: what follows is a stage that begins
   * with this one, as `FROM name` does. Its ONBUILD instructions are run there, and an entrypoint drops a command from
   * here. Targets have the name of their export.
   */
  as(name: string): Stage {
    const stageName = literalOf(name, 'as: the name');
    if (!/^[a-z][a-z0-9-_.]*$/.test(stageName))
      throw new TypeError(
        `as: ${describe(stageName)} is not a name of a stage: use a-z, 0-9, '-', '_' and '.', and begin with a letter`,
      );
    return new Stage({
      kind: 'step',
      parent: nodeOf(this)!,
      instruction: undefined,
      reads: [],
      name: stageName,
      isSplittable: true,
    });
  }

  /**
   * The image config as it is up to here: environment, user, labels, entrypoint and so on, in the form of the OCI image
   * specification. A base image is resolved for it.
   */
  async config(): Promise<ImageConfig> {
    const { graph } = graphOf([{ node: nodeOf(this)!, name: 'stage' }]);
    return (await ask({ ask: 'config', graph })) as ImageConfig;
  }

  /**
   * The filesystem of the stage as a state of `tsfront/llb`.
   *
   * @example
   * const built = await image('alpine').run('make').state();
   * export default fromState(built.file(mkdir('/data')));
   */
  async state(): Promise<import('../llb/state.ts').State> {
    const { graph } = graphOf([{ node: nodeOf(this)!, name: 'stage' }]);
    const [encoded, llb] = await Promise.all([ask({ ask: 'definition', graph }), import('tsfront/llb')]);
    return llb.loadDefinition(llb.Definition.decode(fromBase64(encoded as string)!));
  }
}

/**
 * The config of an image, as the OCI image specification has it.
 *
 * @example
 * const { config } = await image('postgres:17').config();
 * scratch().copy(built, '/data', '/data').label('base-user', config?.User ?? 'root')
 */
export interface ImageConfig {
  /** Go's name of the architecture, such as `amd64`. */
  readonly architecture: string;
  /** Such as `linux`. */
  readonly os: string;
  /** The settings of containers; absent if nothing is set. */
  readonly config?: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly Volumes?: Readonly<Record<string, object>>;
    readonly StopSignal?: string;
  };
}

type Flag = InstructionJson['flags'][number];

/** The arguments of an instruction. */
type Arguments = Pick<InstructionJson, 'words'> & Partial<Pick<InstructionJson, 'isJson' | 'pairs' | 'heredocs'>>;

/** Flags; those without a value are left out, `true` stands for a flag without a value. */
type FlagList = readonly (readonly [name: string, value: string | true | undefined])[];

const noFlags = (): FlagList => [];

/** A stage with one more instruction. `reads` are the nodes that the instruction reads from. */
function step(
  stage: Stage,
  name: string,
  flagsOf: (nameOf: NameOf) => FlagList,
  given: Arguments,
  reads: readonly Node[] = [],
): Stage {
  const parent = nodeOf(stage)!;
  const places = callers();
  const instruction = (nameOf: NameOf): InstructionJson => {
    const flags = flagsOf(nameOf).flatMap(([flag, value]): Flag[] =>
      value === undefined ? [] : [value === true ? [flag] : [flag, value]],
    );
    return { name, code: codeOf(name, flags, given), flags, ...given, places };
  };
  return new Stage({ kind: 'step', parent, instruction, reads, name: '', isSplittable: isSplittable(name, parent) });
}

/** Instructions whose result is the same in one stage and in a stage that begins FROM the steps before them. */
const splittable = /^(?:add|copy|expose|healthcheck|label|maintainer|run|shell|stopsignal|user|volume|workdir)$/;

const isSplittable = (name: string, parent: Node) =>
  splittable.test(name) && (parent.kind === 'base' || parent.isSplittable);

/** The instruction as a Dockerfile has it, for the names of steps. */
function codeOf(name: string, flags: readonly Flag[], { words, isJson, pairs, heredocs = [] }: Arguments): string {
  const parts = flags.map(([flag, value]) => (value === undefined ? `--${flag}` : `--${flag}=${shown(value)}`));
  if (pairs) parts.push(...pairs.map(([key, value]) => (value === undefined ? key : `${key}=${shown(value)}`)));
  else if (name === 'run' && !isJson && heredocs.length === 0) parts.push(summary(words[0]!));
  else if (isJson) parts.push(...(name === 'healthcheck' ? ['CMD', listOf(words.slice(1))] : [listOf(words)]));
  else if (name === 'copy' || name === 'add') parts.push(...words.map(shown));
  else parts.push(...words);
  return [name.toUpperCase(), ...parts].join(' ');
}

const listOf = (words: readonly string[]) => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;

/** The first line of a command of several lines. */
function summary(command: string): string {
  const [first = '', ...more] = command.trim().split('\n');
  return more.length > 0 ? `${first}...` : command;
}

/** @param mayBeEmpty whether an empty array means something: that containers run no such command */
function commandOf(command: Command, what: string, mayBeEmpty = false): Arguments {
  if (Array.isArray(command)) {
    if (command.length === 0 && !mayBeEmpty) throw new TypeError(`${what}: the command is empty`);
    return { words: command.map((word) => literalOf(word, `${what}: a word of the command`)), isJson: true };
  }
  const text = literalOf(command, `${what}: the command`);
  if (text.trim() === '') throw new TypeError(`${what}: the command is empty`);
  return { words: [text] };
}

/** The command of a run; a script with an interpreter of its own becomes a here-document. */
function runArguments(command: Command): Arguments {
  const args = commandOf(command, 'run');
  const [text] = args.words;
  if (args.isJson || !text!.startsWith('#!')) return args;
  const content = text!.endsWith('\n') ? text! : `${text}\n`;
  return { words: ['<<EOF'], heredocs: [{ name: 'EOF', content, expand: false }] };
}

function fileFlags(what: string, options: StageFileOptions): FlagList {
  const { chown, chmod, link, exclude = [], ...unknown } = options;
  refuseUnknown(what, unknown);
  requireList(`${what}: exclude`, exclude);
  return [
    ['chown', optionalWord(chown, `${what}: chown`)],
    ['chmod', optionalWord(chmod, `${what}: chmod`)],
    ['link', link || undefined],
    ...exclude.map((pattern) => ['exclude', literalOf(pattern, `${what}: a pattern`)] as const),
  ];
}

/** What to say where a third text is given. */
const listAdvice = (options: unknown) =>
  typeof options === 'string'
    ? ": several sources are a list, ['a', 'b'], and settings have names, { chmod: '755' }"
    : '';

const optionalWord = (text: Text | undefined, what: string) => (text === undefined ? undefined : wordOf(text, what));

function fileArguments(what: string, sources: Sources, dest: Text): Arguments {
  const list = Array.isArray(sources) ? sources : [sources];
  if (list.length === 0) throw new TypeError(`${what}: there are no sources`);
  const heredocs: NonNullable<InstructionJson['heredocs']>[number][] = [];
  const words = list.map((source: Text | InlineFile) => {
    if (!(source instanceof InlineFile)) return wordOf(source, `${what}: a source`);
    if (source.name === '' && (list.length > 1 || (typeof dest === 'string' && dest.endsWith('/'))))
      throw new TypeError(`${what}: the file needs a name, because the destination is a directory: file('name', …)`);
    const heredoc = { name: source.name || namelessFile, content: source.content, expand: source.expand };
    heredocs.push(heredoc);
    return heredoc.expand ? `<<${heredoc.name}` : `<<"${heredoc.name}"`;
  });
  words.push(wordOf(dest, `${what}: the destination`));
  return { words, ...(heredocs.length > 0 && { heredocs }) };
}

function pairArguments(
  what: 'arg' | 'env' | 'label',
  given: string | Readonly<Record<string, Text | undefined>>,
  value: Text | undefined,
): Arguments {
  const entries = typeof given === 'string' ? ([[given, value]] as const) : Object.entries(given ?? {});
  if (entries.length === 0) throw new TypeError(`${what}: there are no names`);
  const pairs = entries.map(([key, text]): readonly [string, string?] => {
    const name = nameOfPair(what, key);
    if (what === 'arg' && text === undefined) return [name];
    // Names of arguments are not expanded.
    return [what === 'arg' ? name : wordOf(name, what), wordOf(text as Text, `${what}: the value of ${key}`)];
  });
  return { words: pairs.flatMap((pair) => pair as readonly string[]), pairs };
}

function nameOfPair(what: string, name: string): string {
  const checkedName = literalOf(name, `${what}: the name`);
  if (checkedName === '' || checkedName.includes('='))
    throw new TypeError(`${what}: ${describe(checkedName)} is not a name`);
  return checkedName;
}
