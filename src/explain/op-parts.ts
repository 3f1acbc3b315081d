/** Makes the parts of an op. */
import type { Op } from '../gen/pb/ops_pb.ts';
import { OpSchema } from '../gen/pb/ops_schemas.ts';
import { base } from '../go/path.ts';
import { encode } from '../protobuf/encode.ts';
import { shortHash } from './content-hash.ts';
import type { OpPart } from './op-part.ts';

type OpValue<Case extends Op['op']['case']> = Extract<Op['op'], { case: Case }>['value'];

type DigestOf = (value: unknown) => string;

/**
 * The parts of an op.
 *
 * @param digestText makes the digest of a text
 */
export function opParts(given: Op, digestText: (text: string) => string): OpPart[] {
  const inJson = (_: string, it: unknown) => (typeof it === 'bigint' ? String(it) : toHex(it));
  const digestOf: DigestOf = (value) => digestText(JSON.stringify(value ?? null, inJson));
  const { op, platform } = given;
  const ofPlatform: OpPart = {
    kind: 'platform',
    digest: digestOf(
      platform && [platform.OS, platform.Architecture, platform.Variant, platform.OSVersion, platform.OSFeatures],
    ),
  };
  switch (op.case) {
    case 'exec':
      return [...execParts(op.value, digestOf), ofPlatform];
    case 'file':
      return op.value.actions.flatMap((action, index) => actionParts(action, index + 1, digestOf));
    case 'source': {
      const { identifier, attrs } = op.value;
      return [
        { kind: identifier.startsWith('docker-image://') ? 'base image' : 'source', digest: digestOf(identifier) },
        { kind: 'settings', digest: digestOf(keyedAttributes(attrs)) },
        ofPlatform,
      ];
    }
    default:
      return [{ kind: 'op', digest: shortHash(encode(OpSchema, { ...given, inputs: [] })) }];
  }
}

/** The attributes of a source that are in its cache key: how a tag is resolved is not, since the digest counts. */
const keyedAttributes = (attrs: OpValue<'source'>['attrs']) =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => name !== 'image.resolvemode'));

const toHex = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

function execParts(
  { meta, mounts, network, security, secretenv, cdiDevices, ...rest }: OpValue<'exec'>,
  digestOf: DigestOf,
): OpPart[] {
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
    { kind: 'command', digest: digestOf(meta?.args) },
    { kind: 'working directory', digest: digestOf(meta?.cwd) },
    { kind: 'user', digest: digestOf(meta?.user) },
    { kind: 'network', digest: digestOf(network) },
    { kind: 'security', digest: digestOf(security) },
    { kind: 'secret variables', digest: digestOf(secretenv) },
    { kind: 'devices', digest: digestOf(cdiDevices) },
    { kind: 'settings', digest: digestOf([settings, rest]) },
    ...mounts.map((mount) => mountPart(mount, digestOf)),
  ];
}

function mountPart(mount: OpValue<'exec'>['mounts'][number], digestOf: DigestOf): OpPart {
  const { cacheOpt, dest } = mount;
  const isOwnCache = cacheOpt && cacheOpt.sharing === 0 && (cacheOpt.ID === dest || cacheOpt.ID.endsWith(`/${dest}`));
  const cache = cacheOpt && !isOwnCache ? { ...cacheOpt, ID: '', sharing: 0 } : cacheOpt;
  const digest = digestOf({ ...mount, input: mount.input < 0n, selector: '', cacheOpt: cache });
  return dest === '/' ? { kind: 'root', digest } : { kind: 'mount', target: dest, digest };
}

function actionParts(
  { action: { case: kind, value }, input, secondaryInput, output }: OpValue<'file'>['actions'][number],
  action: number,
  digestOf: DigestOf,
): OpPart[] {
  const head: OpPart = { kind: 'action', action, digest: digestOf([kind, input, secondaryInput, output]) };
  if (kind !== 'copy') return [head, { kind: 'file', action, digest: digestOf(value) }];
  const { src, dest, owner, mode, modeStr, includePatterns, excludePatterns, ...rest } = value;
  return [
    head,
    { kind: 'copied path', action, digest: digestOf(base(src)) },
    { kind: 'destination', action, digest: digestOf(dest) },
    { kind: 'owner', action, digest: digestOf(owner) },
    { kind: 'mode', action, digest: digestOf([mode, modeStr]) },
    { kind: 'patterns', action, digest: digestOf(includePatterns) },
    { kind: 'exclude', action, digest: digestOf(excludePatterns) },
    { kind: 'other settings', action, digest: digestOf(rest) },
  ];
}
