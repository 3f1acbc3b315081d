/** The files of a connection with TLS: certificates and a key, in the PEM format. */
import tls from 'node:tls';
import { maxSettingsBytes, readNamedFile } from '../../system/named-file.ts';
import { UnusableFile } from '../../system/unusable-file.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';

/** The files of a connection with TLS, by their paths. */
export interface TlsOptions {
  /** PEM files. The system's authorities are used when `ca` is absent. */
  readonly ca?: string | undefined;
  /** File with the client's certificate, PEM. */
  readonly cert?: string | undefined;
  /** File with its key, PEM. */
  readonly key?: string | undefined;
  /** The name to verify, when it is not the host of the address. */
  readonly serverName?: string | undefined;
}

/** The contents of the files of {@link TlsOptions}. */
export interface TlsFiles {
  /** The certificate authorities; absent: the system's. */
  readonly ca?: Buffer;
  /** The client's certificate. */
  readonly cert?: Buffer;
  /** The key of that certificate. */
  readonly key?: Buffer;
  /** The name to verify; absent: the host of the address. */
  readonly serverName?: string | undefined;
}

/** The words of an address, and whether it is a key. */
const kinds = { ca: ['cacert', false], cert: ['cert', false], key: ['key', true] } as const;

/**
 * Reads the files, each of which is what it should be. Once for all connections to an address: it may be a pipe of the
 * shell.
 *
 * @param address tells how the user has named them
 * @throws UnusableFile that names the option of the address or the file; the reason of `signal`
 */
export async function readTlsFiles(options: TlsOptions, address: string, signal?: AbortSignal): Promise<TlsFiles> {
  const read: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = options[name];
    if (!file) continue;
    const [option, isKey] = kinds[name];
    // Else it comes from the environment or a configuration.
    const isNamed = address.includes(`${option}=`);
    const label = isNamed ? `${option}=${file}` : `the TLS file ${file}`;
    let bytes: Buffer;
    try {
      bytes = Buffer.from(await readNamedFile(file, maxSettingsBytes, signal));
    } catch (cause) {
      signal?.throwIfAborted();
      throw new UnusableFile(`${label}: ${readErrorReason(cause as NodeJS.ErrnoException, file)}`, { cause });
    }
    try {
      if (!isKey && !bytes.includes('-----BEGIN')) throw new Error('it has no line -----BEGIN CERTIFICATE-----');
      tls.createSecureContext({ [name]: bytes });
    } catch (cause) {
      const kind = isKey ? 'a private key' : 'a certificate';
      throw new UnusableFile(`${label} is not ${kind} in the PEM format (${(cause as Error).message})`, { cause });
    }
    read[name] = bytes;
  }
  return { ...read, serverName: options.serverName };
}

/** Without the name of the file, which stands before. */
function readErrorReason({ message }: NodeJS.ErrnoException, file: string): string {
  return systemErrorsInWords(message).replace(`${file}: `, '').replace(`${file} is`, 'it is');
}
