/** Instructions that only have a text or a list of words. */
import { compareBytes, trimSpace } from '../../go/unicode.ts';
import type {
  ExposeInstruction,
  MaintainerInstruction,
  StopSignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from '../ast.ts';
import { type InstructionInput, needsExactlyOne, needsOneOrMore } from './instruction-input.ts';
import { readNoFlags } from './read-flags.ts';

/** The only argument: everything after the flags. */
function readText(input: InstructionInput, instruction: string): string | undefined {
  const [word] = input.words;
  return word ? word.text : needsExactlyOne(input, instruction);
}

/** Reads MAINTAINER. */
export function readMaintainer(input: InstructionInput): MaintainerInstruction | undefined {
  const maintainer = readText(input, 'MAINTAINER');
  if (maintainer === undefined || !readNoFlags(input)) return undefined;
  return { kind: 'maintainer', ...input.base, maintainer };
}

/** Reads WORKDIR. */
export function readWorkdir(input: InstructionInput): WorkdirInstruction | undefined {
  const path = readText(input, 'WORKDIR');
  if (path === undefined || !readNoFlags(input)) return undefined;
  return { kind: 'workdir', ...input.base, path };
}

/** Reads USER. */
export function readUser(input: InstructionInput): UserInstruction | undefined {
  const user = readText(input, 'USER');
  if (user === undefined || !readNoFlags(input)) return undefined;
  return { kind: 'user', ...input.base, user };
}

/** Reads STOPSIGNAL; flags are cut off and ignored. */
export function readStopSignal(input: InstructionInput): StopSignalInstruction | undefined {
  const signal = readText(input, 'STOPSIGNAL');
  if (signal === undefined) return undefined;
  return { kind: 'stopsignal', ...input.base, signal, signalRange: input.words[0]!.range };
}

/** Reads EXPOSE. */
export function readExpose(input: InstructionInput): ExposeInstruction | undefined {
  if (input.words.length === 0) return needsOneOrMore(input, 'EXPOSE');
  if (!readNoFlags(input)) return undefined;
  const words = [...input.words].sort((a, b) => compareBytes(a.text, b.text));
  const ports = words.map(({ text }) => text);
  return { kind: 'expose', ...input.base, ports, portRanges: words.map(({ range }) => range) };
}

/** Reads VOLUME. */
export function readVolume(input: InstructionInput): VolumeInstruction | undefined {
  if (input.words.length === 0) return needsOneOrMore(input, 'VOLUME');
  if (!readNoFlags(input)) return undefined;
  const volumes = input.words.map(({ text, range }) => {
    const volume = trimSpace(text);
    if (volume === '')
      input.report({ code: 'blank-volume', message: 'VOLUME specified can not be an empty string', range });
    return volume;
  });
  return { kind: 'volume', ...input.base, volumes, volumeRanges: input.words.map(({ range }) => range) };
}
