/** Unpacks the compression formats of archives, told apart by their first bytes. */

/**
 * The plain bytes of a gzip, zstd, bzip2 or xz stream; others are returned as they are. Like the reference, this needs
 * an `xz` program for xz, which frontend images do not have.
 */
export async function decompress(data: Uint8Array): Promise<Uint8Array> {
  const hex = Buffer.from(data.subarray(0, 8)).toString('hex');
  if (hex.startsWith('1f8b08')) return gunzip(data);
  if (hex.startsWith('28b52ffd') || /^5.2a4d18.{8}/.test(hex)) return unzstd(data);
  if (hex.startsWith('425a68')) return (await import('./bzip2.ts')).bunzip2(data);
  if (hex.startsWith('fd377a585a00')) return unxz(data);
  return data;
}

async function gunzip(data: Uint8Array): Promise<Uint8Array> {
  const zlib = await import('node:zlib');
  // What is cut off behind the end of the archive does not matter.
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
  return new Promise((resolve, reject) => {
    zlib.gunzip(data, options, (error, plain) => (error ? reject(error) : resolve(plain)));
  });
}

async function unzstd(data: Uint8Array): Promise<Uint8Array> {
  const zlib = await import('node:zlib');
  return new Promise((resolve, reject) => {
    zlib.zstdDecompress(data, (error, plain) => (error ? reject(error) : resolve(plain)));
  });
}

async function unxz(data: Uint8Array): Promise<Uint8Array> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: Number.POSITIVE_INFINITY } as const;
    const xz = execFile('xz', ['-d', '-c', '-q'], options, (error, plain) => (error ? reject(error) : resolve(plain)));
    xz.stdin?.on('error', () => {}); // the program's own end says more
    xz.stdin?.end(data);
  });
}
