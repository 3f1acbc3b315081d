/** Instructions that are little more than a text or a list of words. */
import { compareBytes, trimSpace } from '../../go/unicode.ts';
import type {
  ExposeInstruction,
  MaintainerInstruction,
  StopSignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from '../ast.ts';
import { readNoFlags } from './read-flags.ts';
import { needsExactlyOne, needsOneOrMore, type Request } from './request.ts';

/** The only argument, which is everything behind the flags. */
function readText(request: Request, instruction: string): string | undefined {
  const [word] = request.words;
  return word ? word.text : needsExactlyOne(request, instruction);
}

export function readMaintainer(request: Request): MaintainerInstruction | undefined {
  const maintainer = readText(request, 'MAINTAINER');
  if (maintainer === undefined || !readNoFlags(request)) return undefined;
  return { kind: 'maintainer', ...request.base, maintainer };
}

export function readWorkdir(request: Request): WorkdirInstruction | undefined {
  const path = readText(request, 'WORKDIR');
  if (path === undefined || !readNoFlags(request)) return undefined;
  return { kind: 'workdir', ...request.base, path };
}

export function readUser(request: Request): UserInstruction | undefined {
  const user = readText(request, 'USER');
  if (user === undefined || !readNoFlags(request)) return undefined;
  return { kind: 'user', ...request.base, user };
}

/** Flags are cut off but not looked at. */
export function readStopSignal(request: Request): StopSignalInstruction | undefined {
  const signal = readText(request, 'STOPSIGNAL');
  return signal === undefined ? undefined : { kind: 'stopsignal', ...request.base, signal };
}

export function readExpose(request: Request): ExposeInstruction | undefined {
  if (request.words.length === 0) return needsOneOrMore(request, 'EXPOSE');
  if (!readNoFlags(request)) return undefined;
  return { kind: 'expose', ...request.base, ports: request.words.map(({ text }) => text).sort(compareBytes) };
}

export function readVolume(request: Request): VolumeInstruction | undefined {
  if (request.words.length === 0) return needsOneOrMore(request, 'VOLUME');
  if (!readNoFlags(request)) return undefined;
  const volumes = request.words.map(({ text, range }) => {
    const volume = trimSpace(text);
    if (volume === '')
      request.report({ code: 'blank-volume', message: 'VOLUME specified can not be an empty string', range });
    return volume;
  });
  return { kind: 'volume', ...request.base, volumes };
}
