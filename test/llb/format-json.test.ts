/** What the reference answers to `frontend.convertllb`, read into a Definition and written again: equal to the byte. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { OpMetadataSchema, OpSchema, SourceSchema } from '../../src/gen/pb/ops_pb.ts';
import { Definition, formatJson, image, scratch } from '../../src/llb/index.ts';
import { canonicalBytes, digest } from './canonical.ts';

const dir = path.join(import.meta.dirname, 'fixtures/convertllb');

test.each(readdirSync(dir))('the JSON that the reference made is read and written unchanged: %s', (file) => {
  const text = readFileSync(path.join(dir, file), 'utf8');
  const { def, metadata, source } = JSON.parse(text) as Record<string, JsonObject>;
  const ops = Object.entries(def!).map(([name, json]) => {
    const bytes = canonicalBytes(OpSchema, fromJson(OpSchema, json as JsonValue));
    expect(digest(bytes)).toBe(name);
    return bytes;
  });
  const own = Object.entries(metadata!).map(([name, json]) => {
    const { ignore_cache, progress_group, linux_resources, export_cache, ...rest } = json as JsonObject;
    const camel = { ...rest, ignoreCache: ignore_cache, progressGroup: progress_group };
    const given = { ...camel, linuxResources: linux_resources, exportCache: export_cache };
    const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return [name, fromJson(OpMetadataSchema, present as JsonValue)] as const;
  });
  const empty = ops.length === 0 ? undefined : fromJson(SourceSchema, source!);
  expect(formatJson(new Definition(ops, new Map(own), empty))).toBe(text);
});

test('characters that HTML and JavaScript mind are escaped, others are not', () => {
  const text = formatJson(image('alpine', { customName: 'a <b> & "c" \\ \u2028 é \u007f \u0001 😀' }).marshal());
  expect(text).toContain(
    String.raw`"llb.customname": "a \u003cb\u003e \u0026 \"c\" \\ \u2028 é ${'\u007f'} \u0001 😀"`,
  );
});

test('metadata has the names of the Go client', () => {
  const options = {
    ignoreCache: true,
    exportCache: false,
    progressGroup: { id: 'g', name: '', weak: true },
    linuxResources: { memory: 1024n, cpusetCpus: '0-3' },
  };
  const definition = image('alpine', options).marshal();
  const { metadata } = JSON.parse(formatJson(definition));
  expect(metadata[definition.head()]).toEqual({
    ignore_cache: true,
    export_cache: {},
    caps: { 'source.image': true },
    progress_group: { id: 'g', weak: true },
    linux_resources: { memory: 1024, cpusetCpus: '0-3' },
  });
});

test('scratch is an empty graph', () => {
  expect(formatJson(scratch().marshal())).toBe('{\n  "def": {},\n  "metadata": {},\n  "source": {}\n}');
});
