/**
 * The certificate authorities to trust: the system's, found where Go finds them, and those configured for one registry.
 */
import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { SecureContext } from 'node:tls';
import type { Environment } from '../system/environment-variables.ts';
import { maxSettingsBytes, readNamedFile } from '../system/named-file.ts';

/** The certificates that a registry's directory in `certs.d` configures. */
export interface Trust {
  /** Certificate authorities to trust besides the system's, in PEM. */
  readonly authorities: readonly string[];
  /** Client certificates with their keys, in PEM. */
  readonly pairs: readonly { readonly certificate: string; readonly key: string }[];
  /** The one host whose certificate is not checked at all. */
  readonly unchecked: string | undefined;
  /** Paths of files that this process may not read, such as the key of another user. */
  readonly unreadable: readonly string[];
}

/**
 * The places of system certificate authorities (as in Go's crypto/x509): the first file that exists, and all
 * directories.
 */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const systemDirs = ['/etc/ssl/certs', '/etc/pki/tls/certs'];
const maxFiles = 10_000;

/**
 * The trusted authorities, in PEM, each once: those of SSL_CERT_FILE and SSL_CERT_DIR (by default those of the system),
 * and those of NODE_EXTRA_CA_CERTS. If the system has none, as in a small container, those that Node contains.
 */
async function trustedAuthorities(env: Environment = process.env): Promise<string[]> {
  const tls = await import('node:tls');
  const found = new Set<string>();
  const take = (texts: readonly string[]) => {
    for (const text of texts) found.add(text);
  };
  const named = Boolean(env['SSL_CERT_FILE'] || env['SSL_CERT_DIR']);
  if (process.platform === 'win32' || process.platform === 'darwin') {
    // Like Go, which ignores the variables here and asks the system.
    take(tls.getCACertificates('system'));
  } else {
    for (const file of env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : systemFiles) {
      const certificates = await certificatesIn(file).catch(() => undefined);
      if (!certificates) continue;
      take(certificates);
      break;
    }
    const dirs = env['SSL_CERT_DIR'] ? env['SSL_CERT_DIR'].split(':') : systemDirs;
    for (const dir of dirs) {
      const files = (await certificateFiles(dir)).map((name) => path.join(dir, name));
      for (const certificates of await Promise.all(files.map((file) => certificatesIn(file).catch(() => []))))
        take(certificates);
    }
  }
  if (found.size === 0 && !named) take(tls.rootCertificates);
  if (env['NODE_EXTRA_CA_CERTS']) take(await certificatesIn(env['NODE_EXTRA_CA_CERTS']).catch(() => []));
  return [...found];
}

/** Names of the files in a directory. Links inside the directory, which OpenSSL uses as an index, are skipped. */
async function certificateFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries.slice(0, maxFiles)) {
    if (entry.isDirectory()) continue;
    const target = entry.isSymbolicLink() ? await readlink(path.join(dir, entry.name)).catch(() => '') : '/';
    if (target.includes('/')) names.push(entry.name);
  }
  return names;
}

/** The certificates in a PEM file. @throws the error of reading it */
export async function certificatesIn(file: string): Promise<string[]> {
  const text = Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString('latin1');
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

const contexts = new WeakMap<object, Promise<SecureContext>>();
const systemAuthorities = new Map<string, { authorities: Promise<string[]> }>();

/**
 * The security settings of TLS connections. The system's authorities are read once for each process.
 *
 * @throws Error that names the registry's certificate that cannot be used
 */
export function secureContext(trust: Trust | undefined, env: Environment = process.env): Promise<SecureContext> {
  const key = JSON.stringify([env['SSL_CERT_FILE'], env['SSL_CERT_DIR'], env['NODE_EXTRA_CA_CERTS']]);
  let system = systemAuthorities.get(key);
  if (!system) systemAuthorities.set(key, (system = { authorities: trustedAuthorities(env) }));
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
