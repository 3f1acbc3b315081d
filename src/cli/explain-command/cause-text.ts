/** What a cause says to people. */
import type {
  BaseImageCause,
  Cause,
  FileCause,
  InstructionCause,
  SettingCause,
  UncachedCause,
} from '../../explain/cause.ts';
import { shortDigest } from '../../llb/format-op.ts';
import { count, formatInteger } from '../../text/number.ts';

/** What a cause says. */
export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'new':
      return 'it is new';
    case 'instruction':
      return cause.name === '' ? 'its text changed' : flagText(cause);
    case 'variable': {
      const { name, origin, detail } = cause;
      return `the value of ${name} changed (${origin === 'build argument' ? `--build-arg ${name}` : detail})`;
    }
    case 'variables':
      return `and the values of ${formatInteger(cause.count)} more variables`;
    case 'base image':
      return `the base image is another one${imagesText(cause)}`;
    case 'source':
      return 'its source is another one';
    case 'platform':
      return 'the platform is another one';
    case 'mount':
      return `its mount ${cause.name} changed`;
    case 'settings':
      return settingText(cause);
    case 'file':
      return `${cause.name}: ${fileText(cause)}`;
    case 'files':
      return cause.count === undefined
        ? `files of ${cause.name} changed`
        : `and ${formatInteger(cause.count)} more files of ${cause.name}`;
    case 'inputs':
      return 'it continues from another step';
    case 'no cache':
      return `${noCacheFlag(cause)} is given`;
  }
}

/** Images before and now: of one name only the digests. */
function imagesText({ before, now }: BaseImageCause): string {
  if (before === undefined || now === undefined) return '';
  const [was, is] = [before, now].map((image) => {
    const [name = '', digest] = image.split('@');
    return { name: name.replace(/^docker\.io\/(?:library\/)?/, ''), digest: digest && shortDigest(digest) };
  });
  const isDigest = was!.name === is!.name && was!.digest && is!.digest;
  const [from, to] = [was!, is!].map(({ name, digest }) => (isDigest ? digest : digest ? `${name} (${digest})` : name));
  return `: ${from} → ${to}`;
}

function settingText({ setting, source, detail }: SettingCause): string {
  const what = setting === 'settings' ? 'extra hosts, limits or the like' : setting;
  const of = source === undefined ? what : `${what} of its source ${source}`;
  return `its settings changed: ${of}${detail && ` (${detail})`}`;
}

function flagText({ name, before, now }: InstructionCause): string {
  if (before === undefined || now === undefined) return `its ${name} changed`;
  if (before === '') return `${now} is new`;
  return now === '' ? `${before} is gone` : `its ${name} changed: ${before} → ${now}`;
}

function fileText({ detail, rule, place = 'the ignore file', lines, bytes, before, now }: FileCause): string {
  const change = before === undefined || now === undefined ? '' : `: ${before} → ${now}`;
  const pattern = rule === undefined ? '' : ` (${rule})`;
  switch (detail) {
    case 'content': {
      const sizes = bytes && ` (${bytes.map(formatInteger).join(' → ')} bytes)`;
      return `its content changed${lines === undefined ? (sizes ?? '') : ` (${count(lines, 'line')})`}`;
    }
    case 'mode':
      return `its mode changed${change}`;
    case 'kind':
      return `its kind changed${change}`;
    case 'link':
      return `its target changed${change}`;
    case 'attributes':
      return 'its extended attributes changed';
    case 'new':
      return 'it is new';
    case 'gone':
      return 'it is gone';
    case 'ignored':
      return `${place}${pattern} drops it now`;
    case 'no longer ignored':
      return `${place}${pattern} no longer drops it`;
  }
}

/** The option of the command line that keeps a step from the cache. */
export const noCacheFlag = ({ ofStages }: UncachedCause) => (ofStages ? '--no-cache-filter' : '--no-cache');
