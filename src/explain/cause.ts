/** Causes: what differs between two states of a step, as a value and in the form that programs and people read. */
import type { OpPart } from './op-part.ts';

/** Why a step runs again. */
export interface Cause {
  /** What differs. */
  readonly kind:
    | 'new'
    | 'instruction'
    | 'variable'
    | 'variables'
    | 'base image'
    | 'source'
    | 'platform'
    | 'mount'
    | 'settings'
    | 'file'
    | 'files'
    | 'inputs'
    | 'no cache';
  /**
   * Name of the variable, the file or the mount; of `instruction` the flag (`--network`) if only that differs. '' for
   * others.
   */
  readonly name: string;
  /**
   * Of a file `content`, `kind`, `link` (its target), `mode`, `attributes`, `new`, `gone`, `ignored` or
   * `no longer ignored`; of a variable where its value comes from (`Dockerfile:3`, `build-arg:NAME`); of `files` and
   * `variables` how many there are besides; of `no cache` the frontend option: `no-cache`, or `no-cache=STAGE,…`. For
   * people: programs go by `kind` and `name`.
   */
  readonly detail: string;
  /** For a file that is `ignored` or `no longer ignored`: the pattern of the ignore file. */
  readonly rule?: string;
  /** Where that pattern stands: `.dockerignore:4`, of the older build if it is `no longer ignored`. */
  readonly place?: string;
  /** For `content`: how many lines are changed, new or gone, if the file is a short text. */
  readonly lines?: number;
  /** For `kind`, `link` and `mode`, and for a flag as written (`--network=none`): what it was; '' for no flag. */
  readonly before?: string;
  /** What it is. */
  readonly now?: string;
  /** For `content`: the size in bytes before and now, if it differs. */
  readonly bytes?: readonly [before: number, now: number];
}

/** What differs between two states of a step. */
export type Difference =
  | { readonly kind: 'new' | 'instruction' | 'inputs' | 'base image' | 'source' | 'platform' }
  | { readonly kind: 'flag'; readonly flag: string; readonly texts?: Pick<Cause, 'before' | 'now'> }
  | { readonly kind: 'variable'; readonly name: string; readonly origin: Origin }
  | { readonly kind: 'further variables'; readonly count: number }
  | { readonly kind: 'mount'; readonly target: string }
  | { readonly kind: 'part'; readonly part: OpPart }
  | { readonly kind: 'shell'; readonly place: Place | undefined }
  | { readonly kind: 'here-document' | 'order of variables' }
  | FileDifference
  /** `count` is absent if the files are not known. */
  | { readonly kind: 'further files'; readonly context: string; readonly count?: number }
  | { readonly kind: 'no cache'; readonly option: string };

/** A line of a Dockerfile. */
interface Place {
  readonly file: string;
  readonly line: number;
}

/** Where the value of a variable comes from. */
export type Origin = Place | 'build argument' | 'base image' | 'gone';

/** A file that differs. */
export interface FileDifference extends Pick<Cause, 'rule' | 'place' | 'lines' | 'before' | 'now' | 'bytes'> {
  readonly kind: 'file';
  /** Of a directory with a slash at the end. */
  readonly path: string;
  readonly change:
    | 'content'
    | 'kind'
    | 'link'
    | 'mode'
    | 'attributes'
    | 'new'
    | 'gone'
    | 'ignored'
    | 'no longer ignored';
}

/** The form of a difference for programs and people. */
export function causeOf(difference: Difference): Cause {
  switch (difference.kind) {
    case 'flag':
      return { kind: 'instruction', name: difference.flag, detail: '', ...difference.texts };
    case 'variable':
      return { kind: 'variable', name: difference.name, detail: originText(difference.origin, difference.name) };
    case 'further variables':
      return { kind: 'variables', name: '', detail: `${difference.count} more` };
    case 'mount':
      return { kind: 'mount', name: difference.target, detail: '' };
    case 'part':
      return settings(settingName(difference.part));
    case 'shell':
      return settings('shell', difference.place && placeText(difference.place));
    case 'here-document':
    case 'order of variables':
      return settings(difference.kind);
    case 'file': {
      const { kind, path, change, ...more } = difference;
      return { kind, name: path, detail: change, ...more };
    }
    case 'further files':
      return {
        kind: 'files',
        name: difference.context,
        detail: difference.count === undefined ? '' : `${difference.count} more`,
      };
    case 'no cache':
      return { kind: 'no cache', name: '', detail: difference.option };
    default:
      return { kind: difference.kind, name: '', detail: '' };
  }
}

const settings = (name: string, detail = ''): Cause => ({ kind: 'settings', name, detail });
const placeText = ({ file, line }: Place) => `${file}:${line}`;

/** Of the second action on, its number follows. */
function settingName(part: OpPart): string {
  const name = { 'copied path': 'source', 'other settings': 'settings' }[part.kind as string] ?? part.kind;
  return 'action' in part && part.action > 1 ? `${name} ${part.action}` : name;
}

function originText(origin: Origin, name: string): string {
  if (origin === 'build argument') return `build-arg:${name}`;
  if (origin === 'gone') return 'its ARG or ENV is gone';
  return origin === 'base image' ? 'the base image' : placeText(origin);
}
