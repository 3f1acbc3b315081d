/**
 * Causes: why a step runs again. The kind of a cause tells which members it has besides `name` and `detail`, which all
 * have.
 */
import type { OpPart } from './op-part.ts';

/** Why a step runs again. */
export type Cause =
  | PlainCause
  | InstructionCause
  | VariableCause
  | FurtherVariables
  | BaseImageCause
  | MountCause
  | SettingCause
  | FileCause
  | FurtherFiles
  | UncachedCause;

/** What needs no more words: the step is new, or its source, its platform or what it continues from is another one. */
export interface PlainCause {
  /** What differs. */
  readonly kind: 'new' | 'source' | 'platform' | 'inputs';
  /** ''. */
  readonly name: string;
  /** ''. */
  readonly detail: string;
}

/** The text of the instruction, or only a flag of it. */
export interface InstructionCause {
  /** What differs. */
  readonly kind: 'instruction';
  /** The flag (`--network`) if only that differs, or ''. */
  readonly name: string;
  /** ''. */
  readonly detail: string;
  /** The flag as it was written; '' without it. Absent if it is not known. */
  readonly before?: string;
  /** The flag as it is written (`--network=none`). */
  readonly now?: string;
}

/** The value of a variable. */
export interface VariableCause {
  /** What differs. */
  readonly kind: 'variable';
  /** The name of the variable. */
  readonly name: string;
  /** Where its value comes from, as text: `Dockerfile:3`, `build-arg:NAME`. */
  readonly detail: string;
  /** Where its value comes from; `gone` if its ARG or ENV is gone. */
  readonly origin: Origin;
}

/** Variables besides those that are named. */
export interface FurtherVariables {
  /** What differs. */
  readonly kind: 'variables';
  /** ''. */
  readonly name: string;
  /** How many, as text: `3 more`. */
  readonly detail: string;
  /** How many. */
  readonly count: number;
}

/** The base image. */
export interface BaseImageCause {
  /** What differs. */
  readonly kind: 'base image';
  /** ''. */
  readonly name: string;
  /** ''. */
  readonly detail: string;
  /** What it was, with its digest if that is known. Absent if the record does not have it. */
  readonly before?: string;
  /** What it is. */
  readonly now?: string;
}

/** A mount of RUN whose flag is the same. */
export interface MountCause {
  /** What differs. */
  readonly kind: 'mount';
  /** Where it is mounted. */
  readonly name: string;
  /** ''. */
  readonly detail: string;
}

/** Something else that an op is made of, though its instruction is the same. */
export interface SettingCause {
  /** What differs. */
  readonly kind: 'settings';
  /** The setting (`working directory`), with the number of the source if that is not the first: `destination 2`. */
  readonly name: string;
  /** Where it is set, as text; '' if that is not known. */
  readonly detail: string;
  /** The setting. */
  readonly setting: string;
  /** Of a COPY or ADD with several sources, the number of the source, from 2; absent for the first. */
  readonly source?: number;
  /** Where it is set; absent if that is not known. */
  readonly origin?: Place;
}

/** A file of a context. */
export interface FileCause {
  /** What differs. */
  readonly kind: 'file';
  /** Its path; of a directory with a slash at the end. */
  readonly name: string;
  /** What of it; `link` is its target. */
  readonly detail:
    | 'content'
    | 'kind'
    | 'link'
    | 'mode'
    | 'attributes'
    | 'new'
    | 'gone'
    | 'ignored'
    | 'no longer ignored';
  /** For a file that is `ignored` or `no longer ignored`: the pattern of the ignore file. */
  readonly rule?: string;
  /** Where that pattern stands: `.dockerignore:4`, of the older build if it is `no longer ignored`. */
  readonly place?: string;
  /** For `content`: how many lines are changed, new or gone, if the file is a short text. */
  readonly lines?: number;
  /** For `content`: the size in bytes before and now, if it differs. */
  readonly bytes?: readonly [before: number, now: number];
  /** For `kind`, `link` and `mode`: what it was. */
  readonly before?: string;
  /** What it is. */
  readonly now?: string;
}

/** Files of a context besides those that are named. */
export interface FurtherFiles {
  /** What differs. */
  readonly kind: 'files';
  /** The name of the context. */
  readonly name: string;
  /** How many, as text: `3 more`; '' if no file is known. */
  readonly detail: string;
  /** How many; absent if no file is known. */
  readonly count?: number;
}

/** The build does not use the cache. */
export interface UncachedCause {
  /** What differs. */
  readonly kind: 'no cache';
  /** ''. */
  readonly name: string;
  /** The frontend option: `no-cache`, or `no-cache=STAGE,…`. */
  readonly detail: string;
  /** Whether the option names stages. */
  readonly ofStages: boolean;
}

/** A line of a Dockerfile. */
export interface Place {
  /** The Dockerfile. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
}

/** Where the value of a variable comes from. */
export type Origin = Place | 'build argument' | 'base image' | 'gone';

/** Makes a cause that needs no more words. */
export const plainCause = (kind: PlainCause['kind']): PlainCause => ({ kind, name: '', detail: '' });

/** @param flag as `--network`, or '' for the whole text @param texts the flag before and now */
export function instructionCause(flag = '', texts: Pick<InstructionCause, 'before' | 'now'> = {}): InstructionCause {
  return { kind: 'instruction', name: flag, detail: '', ...texts };
}

/** Makes the cause that the value of a variable is. */
export function variableCause(name: string, origin: Origin): VariableCause {
  return { kind: 'variable', name, detail: originText(origin, name), origin };
}

function originText(origin: Origin, name: string): string {
  if (origin === 'build argument') return `build-arg:${name}`;
  if (origin === 'gone') return 'its ARG or ENV is gone';
  return origin === 'base image' ? 'the base image' : placeText(origin);
}

/** Makes the cause that counts further variables. */
export const furtherVariables = (count: number): FurtherVariables => ({
  kind: 'variables',
  name: '',
  detail: `${count} more`,
  count,
});

/** Makes the cause that a mount is. @param target where it is mounted */
export const mountCause = (target: string): MountCause => ({ kind: 'mount', name: target, detail: '' });

/** Makes the cause that a setting is. @param origin where it is set */
export function settingCause(setting: string, origin?: Place): SettingCause {
  return {
    kind: 'settings',
    name: setting,
    detail: origin ? placeText(origin) : '',
    setting,
    ...(origin && { origin }),
  };
}

/** The cause that a part of an op is, if nothing better is known. */
export function partCause(part: OpPart, origin?: Place): SettingCause {
  const setting = { 'copied path': 'source', 'other settings': 'settings' }[part.kind as string] ?? part.kind;
  const cause = settingCause(setting, origin);
  if (!('action' in part) || part.action === 1) return cause;
  return { ...cause, name: `${setting} ${part.action}`, source: part.action };
}

/** @param count how many; undefined if no file is known */
export function furtherFiles(context: string, count?: number): FurtherFiles {
  const known = count === undefined ? { detail: '' } : { detail: `${count} more`, count };
  return { kind: 'files', name: context, ...known };
}

/** @param option the frontend option, as {@link UncachedCause.detail} */
export const uncachedCause = (option: string): UncachedCause => ({
  kind: 'no cache',
  name: '',
  detail: option,
  ofStages: option.includes('='),
});

const placeText = ({ file, line }: Place) => `${file}:${line}`;
