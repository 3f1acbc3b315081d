/** What an op is made of, so that a comparison can name what differs between two. */
import type { Op } from '../gen/pb/ops_pb.ts';
import { OpSchema } from '../gen/pb/ops_schemas.ts';
import { base } from '../go/path.ts';
import { encode } from '../protobuf/encode.ts';
import { shortHash } from './content-hash.ts';

type OpValue<Case extends Op['op']['case']> = Extract<Op['op'], { case: Case }>['value'];

/**
 * Digests of what BuildKit's cache key of an op is made of, besides its inputs, by the names that people know.
 *
 * @param digest makes the digest of a text
 */
export function opParts(given: Op, digest: (text: string) => string): Record<string, string> {
  const { op, platform } = given;
  const ofPlatform = platform && [
    platform.OS,
    platform.Architecture,
    platform.Variant,
    platform.OSVersion,
    platform.OSFeatures,
  ];
  switch (op.case) {
    case 'exec':
      return hashedParts([...execParts(op.value), ['platform', ofPlatform]], digest);
    case 'file':
      return hashedParts(op.value.actions.flatMap(actionParts), digest);
    case 'source': {
      const { identifier, attrs } = op.value;
      return hashedParts(
        [
          [identifier.startsWith('docker-image://') ? 'base image' : 'source', identifier],
          ['settings', keyedAttributes(attrs)],
          ['platform', ofPlatform],
        ],
        digest,
      );
    }
    default:
      return { op: shortHash(encode(OpSchema, { ...given, inputs: [] })) };
  }
}

/** The attributes of a source that are in its cache key: how a tag is resolved is not, since the digest counts. */
const keyedAttributes = (attrs: OpValue<'source'>['attrs']) =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => name !== 'image.resolvemode'));

/** A part of an op by its name. Of several with one name, the last counts. */
type Part = readonly [name: string, value: unknown];

function hashedParts(parts: readonly Part[], digest: (text: string) => string): Record<string, string> {
  const inJson = (_: string, it: unknown) => (typeof it === 'bigint' ? String(it) : toHex(it));
  return Object.fromEntries(parts.map(([name, value]) => [name, digest(JSON.stringify(value ?? null, inJson))]));
}

const toHex = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

function execParts({ meta, mounts, network, security, secretenv, cdiDevices, ...rest }: OpValue<'exec'>): Part[] {
  const settings = {
    ...meta,
    args: [],
    env: [],
    cwd: '',
    user: '',
    proxyEnv: undefined,
    extraHosts: meta?.extraHosts.map(({ Host }) => Host),
  };
  return [
    ['command', meta?.args],
    ['working directory', meta?.cwd],
    ['user', meta?.user],
    ['network', network],
    ['security', security],
    ['secret variables', secretenv],
    ['devices', cdiDevices],
    ['settings', [settings, rest]],
    ...mounts.map(mountPart),
  ];
}

function mountPart(mount: OpValue<'exec'>['mounts'][number]): Part {
  const { cacheOpt, dest } = mount;
  const isOwnCache = cacheOpt && cacheOpt.sharing === 0 && (cacheOpt.ID === dest || cacheOpt.ID.endsWith(`/${dest}`));
  const cache = cacheOpt && !isOwnCache ? { ...cacheOpt, ID: '', sharing: 0 } : cacheOpt;
  const name = dest === '/' ? 'root' : `mount ${dest}`;
  return [name, { ...mount, input: mount.input < 0n, selector: '', cacheOpt: cache }];
}

function actionParts(
  { action, input, secondaryInput, output }: OpValue<'file'>['actions'][number],
  index: number,
): Part[] {
  const { case: kind, value } = action;
  const suffix = index === 0 ? '' : ` ${index + 1}`;
  const head: Part = [`action${suffix}`, [kind, input, secondaryInput, output]];
  if (kind !== 'copy') return [head, [`file${suffix}`, value]];
  const { src, dest, owner, mode, modeStr, includePatterns, excludePatterns, ...rest } = value;
  return [
    head,
    [`source${suffix}`, base(src)],
    [`destination${suffix}`, dest],
    [`owner${suffix}`, owner],
    [`mode${suffix}`, [mode, modeStr]],
    [`patterns${suffix}`, includePatterns],
    [`exclude${suffix}`, excludePatterns],
    [`settings${suffix}`, rest],
  ];
}
