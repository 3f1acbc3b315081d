/** Writes tar archives that depend on nothing but their content: sorted, owned by root, of the epoch. */

const blockBytes = 512;

export type TarFile =
  | { readonly path: string; readonly mode: number; readonly data: Uint8Array; readonly link?: undefined }
  | { readonly path: string; readonly link: string };

interface Entry {
  readonly mode: number;
  readonly type: '0' | '2' | '5';
  readonly link: string;
  readonly data?: Uint8Array;
}

function header(path: string, { mode, type, link, data }: Entry): Buffer {
  const block = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(link) > 100) throw new Error(`too long for tar: ${path}`);
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), offset);
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // uid
  octal(0, 116, 8); // gid
  octal(data?.length ?? 0, 124, 12);
  octal(0, 136, 12); // mtime
  block.fill(' ', 148, 156);
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

/**
 * Creates an archive of `files`: `{ path: 'bin/node', mode, data }` or `{ path, link }`. Directories come by
 * themselves.
 */
export function createTar(files: readonly TarFile[]): Buffer {
  const entries = new Map<string, Entry>();
  for (const file of files) {
    for (let slash = file.path.indexOf('/'); slash > 0; slash = file.path.indexOf('/', slash + 1))
      entries.set(file.path.slice(0, slash + 1), { mode: 0o755, type: '5', link: '' });
    if (file.link === undefined) entries.set(file.path, { mode: file.mode, type: '0', link: '', data: file.data });
    else entries.set(file.path, { mode: 0o777, type: '2', link: file.link });
  }
  const parts: Uint8Array[] = [];
  for (const [path, entry] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const size = entry.data?.length ?? 0;
    parts.push(
      header(path, entry),
      entry.data ?? Buffer.alloc(0),
      Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes),
    );
  }
  parts.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(parts);
}
