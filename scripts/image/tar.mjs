/** Writes tar archives that depend on nothing but their content: sorted, owned by root, of the epoch. */

const BLOCK = 512;

function header({ path, mode, type, size, link }) {
  const block = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(link) > 100) throw new Error(`too long for tar: ${path}`);
  const octal = (value, offset, length) => block.write(value.toString(8).padStart(length - 1, '0'), offset);
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // uid
  octal(0, 116, 8); // gid
  octal(size, 124, 12);
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
 * Creates an archive of `files`: `{ path: 'bin/node', mode, data }` or `{ path, link }`. Folders come by themselves.
 */
export function createTar(files) {
  const entries = new Map();
  for (const file of files) {
    for (let slash = file.path.indexOf('/'); slash > 0; slash = file.path.indexOf('/', slash + 1))
      entries.set(file.path.slice(0, slash + 1), { mode: 0o755, type: '5', link: '' });
    if (file.link === undefined) entries.set(file.path, { mode: file.mode, type: '0', link: '', data: file.data });
    else entries.set(file.path, { mode: 0o777, type: '2', link: file.link });
  }
  const parts = [];
  for (const path of [...entries.keys()].sort()) {
    const { data, ...entry } = entries.get(path);
    const size = data?.length ?? 0;
    parts.push(header({ ...entry, path, size }));
    if (size) parts.push(data, Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}
