/** Unpacks the compression formats of archives, told apart by their first bytes. */

/**
 * The plain bytes of a gzip, zstd or bzip2 stream; others are returned as they are. xz is refused: the reference runs
 * an `xz` program for it, which frontend images do not have.
 */
export async function decompress(data: Uint8Array): Promise<Uint8Array> {
  const hex = Buffer.from(data.subarray(0, 8)).toString('hex');
  if (hex.startsWith('425a68')) return (await import('./bzip2.ts')).bunzip2(data);
  if (hex.startsWith('fd377a585a00')) throw new Error('exec: "xz": executable file not found in $PATH');
  const isZstd = hex.startsWith('28b52ffd') || /^5.2a4d18......../.test(hex);
  if (!isZstd && !hex.startsWith('1f8b08')) return data;
  const zlib = await import('node:zlib');
  return new Promise((resolve, reject) => {
    const unpack = isZstd ? zlib.zstdDecompress : zlib.gunzip;
    unpack(data, (error, plain) => (error ? reject(error) : resolve(plain)));
  });
}
