/** Whose certificates are believed: those of the system, found as Go finds them, and those named for one registry. */
import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { SecureContext } from 'node:tls';
import { maxSettingsBytes, readNamedFile } from '../system/named-file.ts';

/** What a registry's entry in `certs.d` says about its certificates, and about ours. */
export interface Trust {
  /** Authorities besides those of the system, PEM. */
  readonly authorities: readonly string[];
  /** Certificates that prove who asks, each with its key, PEM. */
  readonly pairs: readonly { readonly certificate: string; readonly key: string }[];
  /** The one host whose certificate is not checked at all. */
  readonly unchecked: string | undefined;
  /** Files that may not be read here, such as the key of another user. */
  readonly unreadable: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where systems keep their authorities (Go's crypto/x509): of the files the first that is there counts, of folders all. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const systemFolders = ['/etc/ssl/certs', '/etc/pki/tls/certs'];
const maxFiles = 10_000;

/**
 * The authorities that are believed, PEM, each once: those of SSL_CERT_FILE and SSL_CERT_DIR, by default those of the
 * system, and those of NODE_EXTRA_CA_CERTS. Where the system has none, as in a small container, those that Node brings.
 */
export async function trustedAuthorities(env: Environment = process.env): Promise<string[]> {
  const tls = await import('node:tls');
  const found = new Set<string>();
  const take = (texts: readonly string[]) => {
    for (const text of texts) found.add(text);
  };
  const named = Boolean(env['SSL_CERT_FILE'] || env['SSL_CERT_DIR']);
  if (process.platform === 'win32' || process.platform === 'darwin') {
    // as Go, which asks the system there, whatever the variables say; Node can since 22.15
    if (typeof tls.getCACertificates === 'function') take(tls.getCACertificates('system'));
  } else {
    for (const file of env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : systemFiles) {
      const certificates = await certificatesIn(file).catch(() => undefined);
      if (!certificates) continue;
      take(certificates);
      break;
    }
    const folders = env['SSL_CERT_DIR'] ? env['SSL_CERT_DIR'].split(':') : systemFolders;
    for (const folder of folders) {
      const files = (await namesIn(folder)).map((name) => path.join(folder, name));
      for (const certificates of await Promise.all(files.map((file) => certificatesIn(file).catch(() => []))))
        take(certificates);
    }
  }
  if (found.size === 0 && !named) take(tls.rootCertificates);
  if (env['NODE_EXTRA_CA_CERTS']) take(await certificatesIn(env['NODE_EXTRA_CA_CERTS']).catch(() => []));
  return [...found];
}

/** Names of the files in a folder. Links to others of them, by which OpenSSL finds certificates, name nothing new. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries.slice(0, maxFiles)) {
    if (entry.isDirectory()) continue;
    const target = entry.isSymbolicLink() ? await readlink(path.join(folder, entry.name)).catch(() => '') : '/';
    if (target.includes('/')) names.push(entry.name);
  }
  return names;
}

/** The certificates in a PEM file. @throws Error as of reading it */
export async function certificatesIn(file: string): Promise<string[]> {
  const text = Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString('latin1');
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

const contexts = new WeakMap<object, Promise<SecureContext>>();
const ofSystem = new Map<string, { authorities: Promise<string[]> }>();

/**
 * What TLS connections are made with. The system's authorities are read once for each process.
 *
 * @throws Error that names the registry's certificate that cannot be used
 */
export function secureContext(trust: Trust | undefined, env: Environment = process.env): Promise<SecureContext> {
  const key = JSON.stringify([env['SSL_CERT_FILE'], env['SSL_CERT_DIR'], env['NODE_EXTRA_CA_CERTS']]);
  let system = ofSystem.get(key);
  if (!system) ofSystem.set(key, (system = { authorities: trustedAuthorities(env) }));
  const holder = trust ?? system;
  let context = contexts.get(holder);
  if (!context) contexts.set(holder, (context = makeContext(system.authorities, trust)));
  return context;
}

async function makeContext(authorities: Promise<string[]>, trust: Trust | undefined): Promise<SecureContext> {
  const { createSecureContext } = await import('node:tls');
  const pairs = trust?.pairs ?? [];
  return createSecureContext({
    ca: [...(await authorities), ...(trust?.authorities ?? [])],
    ...(pairs.length && { cert: pairs.map(({ certificate }) => certificate), key: pairs.map(({ key }) => key) }),
  });
}
