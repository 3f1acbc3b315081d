import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { getAttributeSync } from '@napi-rs/xattr';
import { beforeEach, describe, expect, test } from 'vitest';
import { placeTrees } from '../../src/client/fsutil/merge-tree.ts';
import { PacketType } from '../../src/client/fsutil/packet-buffer.ts';
import { Receiver } from '../../src/client/fsutil/receiver.ts';
import { ModeDir, ModeNamedPipe, ModeSymlink } from '../../src/go/file-mode.ts';
import { xattrCalls } from '../../src/tree/xattr.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** Texts are bytes here: a character each. */
interface Raw {
  readonly path: string;
  readonly mode?: number;
  readonly linkname?: string;
  readonly data?: string;
  readonly xattrs?: Record<string, string>;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

function statPacket({ path, mode = 0o644, linkname = '', data = '', xattrs = {} }: Raw): Uint8Array {
  const bytes = (writer: BinaryWriter, field: number, value: string) =>
    writer.tag(field, WireType.LengthDelimited).bytes(latin1(value));
  const stat = bytes(new BinaryWriter(), 1, path)
    .tag(2, WireType.Varint)
    .uint32(mode >>> 0);
  stat.tag(5, WireType.Varint).int64(BigInt(data.length));
  bytes(stat, 7, linkname);
  for (const [name, value] of Object.entries(xattrs))
    bytes(stat, 10, Buffer.from(bytes(bytes(new BinaryWriter(), 1, name), 2, value).finish()).toString('latin1'));
  return new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(stat.finish()).finish();
}

function dataPacket(id: number, data: string): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Varint).uint32(PacketType.Data).tag(3, WireType.Varint).uint32(id);
  return (data ? writer.tag(4, WireType.LengthDelimited).bytes(latin1(data)) : writer).finish();
}

let root: string;
beforeEach(() => {
  root = temporaryDir();
  mkdirSync(path.join(root, 'staging/tree'), { recursive: true });
});

async function receive(entries: readonly Raw[], dest = path.join(root, 'out')): Promise<void> {
  const staging = path.join(root, 'staging');
  const receiver = new Receiver(path.join(staging, 'tree'), staging, await xattrCalls());
  for (const entry of entries) receiver.take(statPacket(entry));
  receiver.take(new BinaryWriter().finish());
  for (const [id, { data }] of entries.entries())
    if (data) for (const part of [data, '']) receiver.take(dataPacket(id, part));
  expect(receiver.complete).toBe(true);
  const tree = { root: path.join(staging, 'tree'), files: receiver.files };
  mkdirSync(dest, { recursive: true });
  placeTrees([tree], dest, await xattrCalls()).keep();
  receiver.close();
}

const at = (name: string) => Buffer.concat([Buffer.from(`${root}/out/`), latin1(name)]);
const list = (name = '') => readdirSync(at(name), { encoding: 'buffer' }).map((it) => it.toString('latin1')).sort(); // biome-ignore format: one line

describe('names that are not UTF-8', () => {
  const entries: readonly Raw[] = [
    { path: 'd\xff', mode: ModeDir | 0o755 },
    { path: 'd\xff/a\xef\xbf\xbd', data: 'U+FFFD' },
    { path: 'd\xff/a\xfe', data: 'one' },
    { path: 'd\xff/a\xff', data: 'two' },
    { path: 'd\xff/h\xff', linkname: 'd\xff/a\xfe' },
    { path: 'd\xff/l\xff', mode: ModeSymlink | 0o777, linkname: 't\xfe/../\xc3' },
    { path: 'd\xff/p\xff', mode: ModeNamedPipe | 0o600 },
    { path: 'z', data: 'text' },
  ];
  const expected = ['a\xef\xbf\xbd', 'a\xfe', 'a\xff', 'h\xff', 'l\xff', 'p\xff'];

  test('names that are not UTF-8 arrive byte by byte, each for itself', async () => {
    await receive(entries);
    expect(list('d\xff')).toEqual(expected);
    expect(readFileSync(at('d\xff/a\xfe'), 'utf8')).toBe('one');
    expect(readFileSync(at('d\xff/a\xff'), 'utf8')).toBe('two');
    expect(lstatSync(at('d\xff/h\xff')).ino).toBe(lstatSync(at('d\xff/a\xfe')).ino);
    expect(readlinkSync(at('d\xff/l\xff'), { encoding: 'buffer' } as never)).toEqual(latin1('t\xfe/../\xc3'));
    expect(lstatSync(at('d\xff/p\xff')).isFIFO()).toBe(true);
    expect(readdirSync(path.join(root, 'staging'), { recursive: true })).toEqual(['tree']);
  });

  test('names that are not UTF-8 replace what has the same name, and nothing else', async () => {
    await receive(entries);
    await receive([
      { path: 'd\xfe', mode: ModeDir | 0o755 },
      { path: 'd\xfe/f', data: 'other directory' },
      { path: 'd\xff', mode: ModeDir | 0o700 },
      { path: 'd\xff/a\xff', data: 'new' },
    ]);
    expect(list()).toEqual(['d\xfe', 'd\xff', 'z']);
    expect(list('d\xff')).toEqual(expected);
    expect(['a\xfe', 'a\xff'].map((it) => readFileSync(at(`d\xff/${it}`), 'utf8'))).toEqual(['one', 'new']);
    expect(lstatSync(at('d\xff')).mode & 0o777).toBe(0o700);
  });

  test('files whose names are not UTF-8 keep their extended attributes', async (context) => {
    const xattrs = { 'user.test': 'value' };
    await receive([
      { path: 'd\xff', mode: ModeDir | 0o755, xattrs },
      { path: 'd\xff/a\xfe', data: 'one', xattrs },
      { path: 'd\xff/a\xff', data: 'two', xattrs },
    ]);
    // The calls take text alone.
    const { execFileSync } = await import('node:child_process');
    execFileSync('sh', ['-c', 'mv "$1"/d* "$1/d" && mv "$1/d/a$(printf "\\376")" "$1/d/f"', '-', path.join(root, 'out')]);
    const attribute = (name: string) => getAttributeSync(path.join(root, 'out', name), 'user.test')?.toString();
    if (attribute('d') === undefined && attribute('d/f') === undefined) context.skip(); // the file system has none
    expect([attribute('d'), attribute('d/f')]).toEqual(['value', 'value']);
  }); // biome-ignore format: long lines

  test.each<[string, readonly Raw[], string]>([
    ['the order of text instead of bytes', [{ path: '\xff' }, { path: '\xfe' }], 'changes out of order: "\\udcfe" after "\\udcff"'],
    ['the order of UTF-16', [{ path: '\xf0\x9f\x98\x80' }, { path: '\xef\xbf\xbd' }], 'changes out of order'],
    ['the same name twice', [{ path: '\xff' }, { path: '\xff' }], 'changes out of order'],
    ['a hard link to another name', [{ path: 'a\xfe' }, { path: 'h', linkname: 'a\xff' }], 'invalid link "h" to unknown path "a\\udcff"'],
    ['a control character', [{ path: '\xc2\x9bA' }, { path: '\x1b' }], 'changes out of order: "\\u001b" after "\ufffdA"'],
  ])('names with %s are refused, and printed in a form that can be shown', async (_, refused, message) => {
    const failure = await receive(refused).catch((error: Error) => error);
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message.isWellFormed()).toBe(true);
  }); // biome-ignore format: a table
});
