/** An SSH agent made of private key files. */
import { createPrivateKey, createPublicKey, createSign, type KeyObject, sign } from 'node:crypto';
import { readNamedFile } from '../../system/named-file.ts';
import { UnusableFile } from '../../system/unusable-file.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { type Agent, uint32 } from './ssh-agent.ts';

/** A key that can sign. */
export interface SshKey {
  /** The public key in SSH's wire form. */
  readonly blob: Buffer;
  readonly comment: string;
  readonly key: KeyObject;
}

const identitiesAnswer = 12;
const signResponse = 14;
const rsaSha2256 = 2;
const rsaSha2512 = 4;
const maxKeyBytes = 100 * 1024;

/** Makes an agent that signs with private keys. */
export function agentOfKeys(keys: readonly SshKey[]): Agent {
  return async (request) => {
    if (request.length === 1)
      return Buffer.concat([
        Buffer.of(identitiesAnswer),
        uint32(keys.length),
        ...keys.flatMap(({ blob, comment }) => [string(blob), string(comment)]),
      ]);
    const fields = reader(request.subarray(1));
    const blob = fields.string();
    const data = fields.string();
    const flags = fields.uint32();
    const match = keys.find((key) => key.blob.equals(blob));
    if (!match) throw new Error('unknown key');
    return Buffer.concat([Buffer.of(signResponse), string(signature(match.key, data, flags))]);
  };
}

function signature(key: KeyObject, data: Buffer, flags: number): Buffer {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return Buffer.concat([string('ssh-ed25519'), string(sign(null, data, key))]);
    case 'rsa': {
      const [name, hash] =
        flags & rsaSha2512
          ? ['rsa-sha2-512', 'sha512']
          : flags & rsaSha2256
            ? ['rsa-sha2-256', 'sha256']
            : ['ssh-rsa', 'sha1'];
      return Buffer.concat([string(name!), string(createSign(hash!).update(data).sign(key))]);
    }
    default: {
      const { ssh, hash } = curveOf(key);
      const raw = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
      const half = raw.length / 2;
      const pair = Buffer.concat([mpint(raw.subarray(0, half)), mpint(raw.subarray(half))]);
      return Buffer.concat([string(`ecdsa-sha2-${ssh}`), string(pair)]);
    }
  }
}

const curves = [
  { jwk: 'P-256', ssh: 'nistp256', hash: 'sha256', oid: '2a8648ce3d030107' },
  { jwk: 'P-384', ssh: 'nistp384', hash: 'sha384', oid: '2b81040022' },
  { jwk: 'P-521', ssh: 'nistp521', hash: 'sha512', oid: '2b81040023' },
] as const;

function curveOf(key: KeyObject) {
  const { crv } = key.export({ format: 'jwk' });
  const curve = curves.find(({ jwk }) => jwk === crv);
  if (!curve) throw new Error('unsupported key type');
  return curve;
}

/**
 * Reads a private key file: OpenSSH's own format or PEM (PKCS#1, PKCS#8, SEC1).
 * @throws UnusableFile for keys with a passphrase (an agent can hold those) and for what is not a key
 */
export async function parsePrivateKey(path: string): Promise<SshKey> {
  const bytes = Buffer.from(
    await readNamedFile(path, maxKeyBytes).catch((error: Error) => {
      const why = systemErrorsInWords(error.message).replace(`${path}: `, '').replace(`${path} is`, 'it is');
      throw new UnusableFile(`cannot read the SSH key ${path}: ${why}`, { cause: error });
    }),
  );
  try {
    const text = bytes.toString('latin1');
    const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text) ?? [];
    if (body) return parseOpenSsh(Buffer.from(body, 'base64'));
    if (/ENCRYPTED/.test(text)) throw new Error('it has a passphrase; add it to an SSH agent and forward that');
    const key = pemKey(text);
    return { key, blob: publicBlob(key), comment: '' };
  } catch (error) {
    throw new UnusableFile(`failed to parse ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Error for what is not a key */
function pemKey(text: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const what = /^ssh-|^ecdsa-|-----BEGIN [A-Z0-9 ]*PUBLIC KEY/.test(text)
      ? 'it is a public key: name the private one'
      : 'it is not a private SSH key';
    throw new Error(`${what} (in OpenSSH's format or PEM)`);
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new Error(`it is not an SSH key that can be read (${(cause as Error).message})`, { cause });
  }
}

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function parseOpenSsh(bytes: Buffer): SshKey {
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) throw new Error('not an OpenSSH key');
  const outer = reader(bytes.subarray(magic.length));
  if (outer.string().toString() !== 'none')
    throw new Error('it has a passphrase; add it to an SSH agent and forward that');
  outer.string(); // kdf
  outer.string(); // its options
  if (outer.uint32() !== 1) throw new Error('more than one key in the file');
  outer.string(); // public key, again below
  const inner = reader(outer.string());
  inner.uint32();
  inner.uint32();
  const type = inner.string().toString();
  const key = privateKey(type, inner);
  return { key, blob: publicBlob(key), comment: inner.string().toString() };
}

function privateKey(type: string, fields: Reader): KeyObject {
  if (type === 'ssh-ed25519') {
    const x = fields.string();
    const d = fields.string().subarray(0, 32);
    return createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: url64(x), d: url64(d) } });
  }
  if (type === 'ssh-rsa') {
    const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => fields.integer());
    const exponents = { dp: modulo(d!, p!), dq: modulo(d!, q!) };
    const parts = { n: n!, e: e!, d: d!, p: p!, q: q!, qi: qi!, ...exponents };
    const key = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, url64(value)]));
    return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', ...key } });
  }
  const curve = curves.find(({ ssh }) => type === `ecdsa-sha2-${ssh}`);
  if (!curve) throw new Error(`unsupported key type ${type}`);
  fields.string(); // the curve's name, again
  const point = fields.string();
  const half = (point.length - 1) / 2;
  const d = fields.integer();
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, half - d.length)), d]);
  const [x, y] = [point.subarray(1, 1 + half), point.subarray(1 + half)];
  return createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: curve.jwk, x: url64(x), y: url64(y), d: url64(padded) },
  });
}

function publicBlob(key: KeyObject): Buffer {
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const part = (value: string | undefined) => Buffer.from(value ?? '', 'base64url');
  if (jwk.kty === 'RSA') return Buffer.concat([string('ssh-rsa'), mpint(part(jwk.e)), mpint(part(jwk.n))]);
  if (jwk.crv === 'Ed25519') return Buffer.concat([string('ssh-ed25519'), string(part(jwk.x))]);
  const { ssh } = curveOf(key);
  const point = Buffer.concat([Buffer.of(4), part(jwk.x), part(jwk.y)]);
  return Buffer.concat([string(`ecdsa-sha2-${ssh}`), string(ssh), string(point)]);
}

function modulo(value: Buffer, prime: Buffer): Buffer {
  const result = BigInt(`0x${value.toString('hex')}`) % (BigInt(`0x${prime.toString('hex')}`) - 1n);
  const hex = result.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
}

function url64(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Encodes a positive number: without leading zeros, except one if the first bit is set. */
function mpint(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return string(digits.length > 0 && digits[0]! & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

interface Reader {
  uint32(): number;
  string(): Buffer;
  /** A positive number without leading zeros. */
  integer(): Buffer;
}

function reader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error('unexpected end of data');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const read: Reader = {
    uint32: () => take(4).readUInt32BE(0),
    string: () => take(read.uint32()),
    integer() {
      const digits = read.string();
      return digits[0] === 0 ? digits.subarray(1) : digits;
    },
  };
  return read;
}
