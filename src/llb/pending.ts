/** Stands in for src/go and src/image until they land. */
import path from 'node:path';
import type { ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';

export const clean = (text: string) => path.posix.normalize(text).replace(/(.)\/$/, '$1');
export const join = (...parts: string[]) => path.posix.join(...parts).replace(/(.)\/$/, '$1');
export const isAbs = (text: string) => text.startsWith('/');
export const compareBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
export const marshalJson = (value: unknown) => JSON.stringify(value);
export const normalizePlatform = (platform: Platform) => platform;
export const defaultPlatform = (): Platform => ({
  os: 'linux',
  architecture: 'amd64',
  variant: '',
  osVersion: '',
  osFeatures: [],
});
export const parseImageConfig = (bytes: Uint8Array): ImageConfig => {
  const { config = {}, architecture = '', os = '', variant = '' } = JSON.parse(Buffer.from(bytes).toString());
  return {
    architecture,
    os,
    variant,
    config: { env: config.Env ?? [], workingDir: config.WorkingDir ?? '' },
  } as ImageConfig;
};
export interface Named {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
  toString(): string;
}
export function parseNormalizedNamed(ref: string): Named {
  const [rest, digest = ''] = ref.split('@') as [string, string?];
  const slash = rest.lastIndexOf('/');
  const colon = rest.lastIndexOf(':');
  let name = colon > slash ? rest.slice(0, colon) : rest;
  const tag = colon > slash ? rest.slice(colon + 1) : '';
  if (!name.includes('/')) name = 'docker.io/library/' + name;
  else if (!/^[^/]*[.:]|^localhost\//.test(name)) name = 'docker.io/' + name;
  return { name, tag, digest, toString: () => name + (tag && ':' + tag) + (digest && '@' + digest) };
}
export function tagNameOnly(n: Named): Named {
  return n.tag || n.digest ? n : { ...n, tag: 'latest', toString: () => n.name + ':latest' };
}
export function parseGitUrl(remote: string): {
  remote: string;
  scheme: string;
  host: string | undefined;
  path: string;
} {
  const scp = /^([a-zA-Z0-9-_]+)@([a-zA-Z0-9-.]+):(.*?)(?:\?(.*?))?(?:#(.*))?$/.exec(remote);
  if (scp) return { remote: `${scp[1]}@${scp[2]}:${scp[3]}`, scheme: 'ssh', host: scp[2], path: scp[3]! };
  const u = new URL(remote);
  return { remote: remote.replace(/[?#].*/, ''), scheme: u.protocol.slice(0, -1), host: u.host, path: u.pathname };
}
