/** Package managers: how each is told to install something. */
import type { ShellCommand, ShellWord } from './shell/command.ts';

/** The names that options of rules and documents use. */
export type ManagerName = 'apt' | 'apk' | 'dnf' | 'zypper' | 'pip' | 'npm' | 'gem' | 'go';

interface PackageManager {
  readonly name: ManagerName;
  /** The programs. */
  readonly program: RegExp;
  /** The subcommands that install. */
  readonly install: RegExp;
  /** The options that take the next word. */
  readonly takesNext: RegExp;
}

const managers: readonly PackageManager[] = [
  {
    name: 'apt',
    program: /^(?:apt-get|apt)$/,
    install: /^install$/,
    takesNext: /^(?:-[ocat]|--(?:option|config-file|target-release|default-release|host-architecture))$/,
  },
  {
    name: 'apk',
    program: /^apk$/,
    install: /^add$/,
    takesNext:
      /^(?:-[Xtp]|--(?:repository|repositories-file|virtual|root|arch|keys-dir|cache-dir|cache-max-age|wait|progress-fd))$/,
  },
  {
    name: 'dnf',
    program: /^(?:dnf|dnf5|yum|microdnf|tdnf)$/,
    install: /^(?:install|localinstall|groupinstall|reinstall)$/,
    takesNext: /^(?:-[cxdeR]|--(?:config|enablerepo|disablerepo|repo|repoid|setopt|installroot|releasever|exclude))$/,
  },
  {
    name: 'zypper',
    program: /^zypper$/,
    install: /^(?:install|in)$/,
    takesNext: /^(?:-[cRDtrpC]|--(?:config|root|reposd-dir|type|repo|from|name|plus-repo))$/,
  },
  {
    name: 'pip',
    program: /^pip(?:\d+(?:\.\d+)?)?$/,
    install: /^install$/,
    takesNext:
      /^(?:-[rciftebd]|--(?:requirement|constraint|index-url|extra-index-url|find-links|target|editable|prefix|root|trusted-host|timeout|retries|cache-dir|platform|python-version|implementation|abi|proxy|cert|client-cert|log|src|progress-bar|no-binary|only-binary|global-option|install-option|config-settings|upgrade-strategy|use-feature))$/,
  },
  {
    name: 'npm',
    program: /^npm$/,
    install: /^(?:install|i|add)$/,
    takesNext: /^(?:--(?:prefix|registry|cache|omit))$/,
  },
  {
    name: 'gem',
    program: /^gem$/,
    install: /^(?:install|i)$/,
    takesNext: /^(?:-[vinsPp]|--(?:version|install-dir|bindir|source|trust-policy|http-proxy|platform|build-root))$/,
  },
  { name: 'go', program: /^go$/, install: /^install$/, takesNext: /^-(?:tags|ldflags|gcflags|mod|o|p)$/ },
];

/** All programs, and Python, which runs pip as a module. */
const programs = new RegExp(`${managers.map(({ program }) => program.source).join('|')}|^python`);

/** A command of a package manager. */
export interface PackageCommand {
  readonly manager: ManagerName;
  /** The program as it is called: `yum`. */
  readonly program: string;
  /** The word that says what to do; undefined if absent. */
  readonly subcommand: ShellWord | undefined;
  /** Whether that is to install. */
  readonly installs: boolean;
  /** The options before and after the subcommand, with the values that are words of their own. */
  readonly options: readonly string[];
  /** The other words after the subcommand: packages, files, and texts that are not known. */
  readonly operands: readonly ShellWord[];
}

/** What was read, for the rules that ask again. */
const known = new WeakMap<ShellCommand, PackageCommand>();

/** Reads a command of a package manager; undefined for any other. */
export function packageCommand(command: ShellCommand): PackageCommand | undefined {
  if (!programs.test(command.name)) return undefined;
  const before = known.get(command);
  if (before) return before;
  const parts = readPackageCommand(command);
  if (parts) known.set(command, parts);
  return parts;
}

function readPackageCommand({ name, args }: ShellCommand): PackageCommand | undefined {
  if (/^python(?:\d+(?:\.\d+)?)?$/.test(name) && args[0]?.value === '-m' && /^pip\d*$/.test(args[1]?.value ?? ''))
    return readCommand('pip', args.slice(2));
  return readCommand(name, args);
}

function readCommand(program: string, args: readonly ShellWord[]): PackageCommand | undefined {
  const manager = managers.find((it) => it.program.test(program));
  if (!manager) return undefined;
  const options: string[] = [];
  const operands: ShellWord[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    const value = word.value ?? word.text;
    if (!value.startsWith('-') || value === '-') operands.push(word);
    else {
      options.push(value);
      if (manager.takesNext.test(value)) options.push(args[++at]?.value ?? '');
    }
  }
  const [subcommand, ...rest] = operands;
  return {
    manager: manager.name,
    program,
    subcommand,
    installs: manager.install.test(subcommand?.value ?? ''),
    options,
    operands: rest,
  };
}

/** Whether an option is given, alone or among short options: `-y` in `-qy`. */
export function hasOption({ options }: PackageCommand, long: RegExp, short = ''): boolean {
  return options.some(
    (option) => long.test(option) || (short !== '' && /^-[A-Za-z]+$/.test(option) && option.includes(short)),
  );
}
