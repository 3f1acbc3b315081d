/**
 * What BuildKit 0.32 and buildx know of outputs, caches and attestations: for each kind its attributes, and for each
 * attribute the form of its value. A daemon ignores attributes that it does not know, so whatever stands in no table is
 * refused here; `--allow-unknown` hands it on, for daemons newer than these tables.
 */
import { parseDuration } from '../../go/duration.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { didYouMean } from '../../parser/suggest.ts';
import { variableOf } from '../../system/environment.ts';

/** `flag` is a boolean that may be empty, which means true; `epoch` seconds, or empty for none; a list has all values. */
type Form = 'text' | 'boolean' | 'flag' | 'integer' | 'epoch' | 'duration' | readonly string[];

interface Kind {
  readonly attributes: Readonly<Record<string, Form>>;
  /** Names that begin so are attributes too, with any text. */
  readonly prefixes?: RegExp;
  /** What to say of an attribute that has its place elsewhere. */
  readonly instead?: Readonly<Record<string, string>>;
}

type Kinds = Readonly<Record<string, Kind>>;

const compression = {
  compression: ['uncompressed', 'gzip', 'estargz', 'zstd'],
  'compression-level': 'integer',
  'force-compression': 'flag',
} as const;

const ofImages = {
  ...compression,
  name: 'text',
  'oci-mediatypes': 'boolean',
  'oci-artifact': 'boolean',
  'attestation-inline': 'boolean',
  'prefer-nondist-layers': 'boolean',
  'rewrite-timestamp': 'boolean',
  'source-date-epoch': 'epoch',
  'prefer-image-digest': 'boolean',
} as const;

const annotations = /^annotation(-(index|index-descriptor|manifest|manifest-descriptor))?(\[[^\]]*\])?\./;

const goneFromImages = {
  buildinfo: 'BuildKit writes no build info any more: --provenance says what was built',
  'buildinfo-attrs': 'BuildKit writes no build info any more: --provenance says what was built',
};

const image: Kind = {
  attributes: {
    ...ofImages,
    push: 'flag',
    'push-by-digest': 'flag',
    'registry.insecure': 'flag',
    unpack: 'flag',
    store: 'flag',
    'name-canonical': 'flag',
    'dangling-name-prefix': 'text',
    'danging-name-empty-only': 'flag', // BuildKit's spelling
  },
  prefixes: annotations,
  instead: { ...goneFromImages, dest: 'it goes to the daemon and its registry; type=oci or type=docker make a file' },
};

const ofFiles = {
  dest: 'text',
  'attestation-prefix': 'text',
  'platform-split': 'boolean',
  'source-date-epoch': 'epoch',
} as const;

/** Types of `--output`. */
export const OUTPUTS: Kinds = {
  image,
  registry: image,
  moby: image,
  oci: { attributes: { ...ofImages, dest: 'text', tar: 'flag' }, prefixes: annotations, instead: goneFromImages },
  docker: {
    attributes: { ...ofImages, dest: 'text', tar: 'flag', context: 'text' },
    prefixes: annotations,
    instead: goneFromImages,
  },
  local: { attributes: { ...ofFiles, mode: ['copy', 'delete'] } },
  tar: { attributes: ofFiles },
  cacheonly: { attributes: {} },
};

const ofManifests = { ...compression, 'image-manifest': 'boolean', 'oci-mediatypes': 'boolean' } as const;
const ofExports = { mode: ['min', 'max'], 'ignore-error': 'boolean' } as const;
const registry = { ref: 'text', 'registry.insecure': 'boolean' } as const;
const gha = {
  scope: 'text',
  timeout: 'duration',
  token: 'text',
  url: 'text',
  url_v2: 'text',
  version: ['1', '2'],
  repository: 'text',
  ghtoken: 'text',
} as const;
const ofBuckets = { prefix: 'text', manifests_prefix: 'text', blobs_prefix: 'text', name: 'text' } as const;
const s3 = {
  ...ofBuckets,
  bucket: 'text',
  region: 'text',
  endpoint_url: 'text',
  access_key_id: 'text',
  secret_access_key: 'text',
  session_token: 'text',
  use_path_style: 'boolean',
  touch_refresh: 'duration',
  upload_parallelism: 'integer',
  disable_accept_encoding: 'boolean',
  retry_mode: ['standard', 'adaptive'],
  retry_max_attempts: 'integer',
} as const;
const azblob = {
  ...ofBuckets,
  account_url: 'text',
  account_name: 'text',
  container: 'text',
  secret_access_key: 'text',
} as const;

const onlyMin = 'an inline cache has the layers of the result and no others (mode=min): type=registry has mode=max';

/** Types of `--cache-to`. */
export const CACHE_EXPORTS: Kinds = {
  registry: { attributes: { ...ofExports, ...registry, ...ofManifests } },
  local: {
    attributes: { ...ofExports, ...ofManifests, dest: 'text', tag: 'text', reset: 'boolean' },
    instead: { src: 'a cache is written to dest=FOLDER' },
  },
  inline: {
    attributes: { mode: ['min'], 'ignore-error': 'boolean' },
    instead: { 'mode=max': onlyMin, ref: 'an inline cache goes with the image that is pushed' },
  },
  gha: { attributes: { ...ofExports, ...gha } },
  s3: { attributes: { ...ofExports, ...s3 } },
  azblob: { attributes: { ...ofExports, ...azblob } },
};

/** Types of `--cache-from`. */
export const CACHE_IMPORTS: Kinds = {
  registry: { attributes: registry },
  local: {
    attributes: { src: 'text', digest: 'text', tag: 'text' },
    instead: { dest: 'a cache is read from src=FOLDER' },
  },
  gha: { attributes: gha },
  s3: { attributes: s3 },
  azblob: { attributes: azblob },
};

/** Types of `--attest`. What an SBOM's generator is told has names of its own: they become its environment. */
export const ATTESTATIONS: Kinds = {
  sbom: { attributes: { generator: 'text', disabled: 'flag' }, prefixes: /^/ },
  provenance: {
    attributes: {
      mode: ['min', 'max', 'full'],
      version: ['v0.2', 'v1'],
      'inline-only': 'boolean',
      reproducible: 'boolean',
      'builder-id': 'text',
      filename: 'text',
      'capture-usage': 'boolean',
      'complete-materials': 'boolean',
      disabled: 'flag',
    },
  },
};

/** What an error may name of a flag's text: values that let others in are left out. */
export function withoutSecrets(text: string): string {
  return text.replace(/\b(token|ghtoken|access_key_id|secret_access_key|session_token)=[^,"]*/gi, '$1=***');
}

/** Whether a name stands in any of the tables of a flag. */
export function isAttribute(kinds: Kinds, name: string): boolean {
  return name === 'type' || Object.values(kinds).some(({ attributes }) => Object.hasOwn(attributes, name));
}

/**
 * @param allowUnknown whether types and attributes that are in no table are handed on
 * @throws UsageError for what is unknown, has its place elsewhere, or has a value of another form
 */
export function checkAttributes(
  flag: string,
  kinds: Kinds,
  type: string,
  attributes: Iterable<readonly [string, string]>,
  allowUnknown = false,
): void {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind) {
    if (allowUnknown) return;
    const types = Object.keys(kinds);
    throw new UsageError(
      `${flag}: unknown type ${JSON.stringify(type)}${didYouMean(type, types, false)}: known are ${types.join(', ')} (${PASS_ON})`,
    );
  }
  for (const [name, value] of attributes) {
    const instead = variableOf(kind.instead ?? {}, `${name}=${value}`) ?? variableOf(kind.instead ?? {}, name);
    const form = Object.hasOwn(kind.attributes, name) ? kind.attributes[name] : undefined;
    if (instead !== undefined && !(form && fits(form, value)))
      throw new UsageError(
        `${flag} type=${type} takes no ${instead === onlyMin ? `${name}=${value}` : name}: ${instead}`,
      );
    if (!form) {
      const misspelled = didYouMean(name, Object.keys(kind.attributes), false) !== '';
      if (allowUnknown || (kind.prefixes?.test(name) && !misspelled)) continue;
      throw new UsageError(unknownAttribute(flag, kinds, type, name));
    }
    if (!fits(form, value))
      throw new UsageError(`${flag} type=${type}: ${name} is ${JSON.stringify(value)}, expected ${told(form)}`);
  }
}

const PASS_ON = '--allow-unknown hands it on to the daemon as it is';

function unknownAttribute(flag: string, kinds: Kinds, type: string, name: string): string {
  const known = Object.keys(kinds[type]!.attributes).sort();
  const owners = Object.keys(kinds).filter((other) => Object.hasOwn(kinds[other]!.attributes, name));
  const suggestion = didYouMean(name, known, false);
  const where =
    suggestion === '' && owners.length > 0 ? ` (it is one of type=${owners.join(' and type=')})` : suggestion;
  const list = known.length > 0 ? `known are ${known.join(', ')}` : 'it has none';
  return `${flag} type=${type}: unknown attribute ${JSON.stringify(name)}${where}: ${list} (${PASS_ON})`;
}

function fits(form: Form, value: string): boolean {
  switch (form) {
    case 'text':
      return true;
    case 'boolean':
      return BOOLEAN.test(value);
    case 'flag':
      return value === '' || BOOLEAN.test(value);
    case 'integer':
      return INTEGER.test(value);
    case 'epoch':
      return value === '' || INTEGER.test(value);
    case 'duration':
      return isDuration(value);
    default:
      return form.includes(value);
  }
}

const INTEGER = /^[+-]?\d+$/;
/** As Go's strconv.ParseBool has them. */
const BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

function isDuration(value: string): boolean {
  try {
    parseDuration(value);
    return true;
  } catch {
    return false;
  }
}

function told(form: Form): string {
  switch (form) {
    case 'boolean':
    case 'flag':
      return 'true or false';
    case 'integer':
      return 'a whole number';
    case 'epoch':
      return 'seconds since 1970';
    case 'duration':
      return 'a duration such as 10m';
    case 'text':
      return 'text';
    default:
      return form.join(' or ');
  }
}
