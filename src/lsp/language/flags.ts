/** What an editor says about the flags of instructions and their values. */
import type { networks, securities } from '../../parser/instructions/run.ts';

/** A flag for people. */
interface FlagText {
  /** One sentence. */
  readonly summary: string;
  /** What stands for the value in a signature; '' for a flag that may have none. */
  readonly value: string;
  /** Values to choose from, with what each does; {} if any text is a value. */
  readonly values: Readonly<Record<string, string>>;
}

const text = (summary: string, value: string, values: FlagText['values'] = {}): FlagText => ({
  summary,
  value,
  values,
});
const onOff = { true: 'On, as without a value.', false: 'Off, as without the flag.' };

const owner = text('The user and the group of what is copied, by name or number; root by default.', 'USER[:GROUP]');
const mode = text('The permissions of what is copied, in octal digits or as in chmod.', 'MODE', {
  '755': 'Programs and directories that everyone may use.',
  '644': 'Files that everyone may read.',
});
const link = text('Copies into a layer of its own, which stays valid when the layers below it change.', '', onOff);
const exclude = text('A pattern of files that are not copied. It may be repeated.', 'PATTERN');

const networkValues: Record<(typeof networks)[number], string> = {
  default: 'The network of the build.',
  none: 'No network but the loopback.',
  host: 'The network of the host; the build must allow `network.host`.',
};
const securityValues: Record<(typeof securities)[number], string> = {
  sandbox: 'Without privileges.',
  insecure: 'With all privileges; the build must allow `security.insecure`.',
};

/** By the lower-case name of the instruction, and the name of the flag. */
export const flagTexts: Readonly<Record<string, Readonly<Record<string, FlagText>>>> = {
  add: {
    chown: owner,
    chmod: mode,
    link,
    exclude,
    checksum: text('What a download must hash to, or the commit that a git reference must be.', 'sha256:DIGEST'),
    'keep-git-dir': text('Whether the directory `.git` of a repository is kept.', '', onOff),
    unpack: text('Whether archives are unpacked: by default local ones are, and downloads are not.', '', onOff),
  },
  copy: {
    chown: owner,
    chmod: mode,
    link,
    exclude,
    from: text('Copies from a stage, an image or a named context instead of the build context.', 'STAGE|IMAGE|CONTEXT'),
    parents: text('Keeps the directories of the sources, as they are written.', '', onOff),
  },
  from: {
    platform: text('The platform of the image, instead of that of the build.', 'OS/ARCHITECTURE', {
      $BUILDPLATFORM: 'That of the machine that builds: for stages that compile for others.',
      $TARGETPLATFORM: 'That of the result, which is the default.',
      'linux/amd64': '64-bit x86.',
      'linux/arm64': '64-bit ARM.',
      'linux/arm/v7': '32-bit ARM, version 7.',
      'linux/riscv64': '64-bit RISC-V.',
      'windows/amd64': 'Windows on 64-bit x86.',
    }),
  },
  healthcheck: {
    interval: text('The time between two checks; 30s by default.', 'DURATION', { '30s': 'The default.' }),
    timeout: text('The time after which a check has failed; 30s by default.', 'DURATION', { '30s': 'The default.' }),
    'start-period': text('The time after the start in which failures do not count; 0s by default.', 'DURATION', {
      '0s': 'The default.',
    }),
    'start-interval': text('The time between two checks in the start period; 5s by default.', 'DURATION', {
      '5s': 'The default.',
    }),
    retries: text('How many checks must fail in a row; 3 by default.', 'NUMBER', { '3': 'The default.' }),
  },
  run: {
    mount: text('Mounts a directory, a cache, a secret or an SSH agent for the command.', 'type=TYPE[,OPTION=VALUE…]'),
    network: text('The network of the command.', 'NETWORK', networkValues),
    security: text('The privileges of the command.', 'MODE', securityValues),
    device: text('A CDI device for the command. It may be repeated.', 'VENDOR/CLASS=NAME[,required]'),
  },
};

/** What is to be said about a flag; undefined for an unknown one. */
export const flagText = (instruction: string, flag: string): FlagText | undefined => flagTexts[instruction]?.[flag];

/** The part of the reference about a flag. */
export const flagAnchor = (instruction: string, flag: string): string =>
  instruction === 'from' || instruction === 'healthcheck' ? instruction : `${instruction}---${flag}`;
