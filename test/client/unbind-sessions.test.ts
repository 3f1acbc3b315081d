import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { unbindSessions } from '../../src/client/unbind-sessions.ts';
import { copy, Definition, image, local, scratch } from '../../src/llb/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

describe('a compiled definition', () => {
  const marshal = (sessionId?: string) =>
    image('example.com/base')
      .file(copy(local('context', sessionId === undefined ? {} : { sessionId }), '/', '/'))
      .run({ shlex: 'true' })
      .root.marshal();

  test('loses the sessions of its local sources, and stays a graph', () => {
    const before = marshal('compiled');
    const after = unbindSessions(before);
    const attrs = after.ops().flatMap(({ op }) => (op.op.case === 'source' ? [op.op.value.attrs] : []));
    expect(attrs.map((all) => all['local.session'])).toEqual([undefined, undefined]);
    expect(attrs.filter((all) => all['local.unique'])).toHaveLength(1);
    const digests = after.ops().map(({ digest }) => digest);
    for (const { op } of after.ops()) for (const { digest } of op.inputs) expect(digests).toContain(digest);
    expect(new Set(after.metadata.keys())).toEqual(new Set(digests));
    expect(after.head()).not.toBe(before.head());
    expect(Definition.decode(after.encode()).head()).toBe(after.head());
    expect(unbindSessions(before).head()).not.toBe(after.head());
  });

  test('a compiled definition that names no session stays as it is', () => {
    const definition = marshal();
    expect(unbindSessions(definition)).toBe(definition);
    const empty = scratch().marshal();
    expect(unbindSessions(empty)).toBe(empty);
  });
});

await onEngines('solve of a compiled file', { suites: ['forky', 'trixie'] }, (engine) => {
  test('a compiled definition needs no session of the compiler', async () => {
    const dir = temporaryDir();
    const context = path.join(dir, 'context');
    mkdirSync(context);
    writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY f /\n');
    writeFileSync(path.join(context, 'f'), 'contents');
    const [node, ...args] = [process.execPath, path.resolve(import.meta.dirname, '../../src/cli.ts')] as const;
    const env = { BUILDKIT_HOST: engine.buildkitHost };
    const pb = path.join(dir, 'llb');
    await engine.must(node, [...args, 'compile', '--format', 'pb', '-o', pb, context], { env });
    const out = path.join(dir, 'out');
    const options = ['--local', `context=${context}`, '-o', out, pb];
    const { status, stderr } = await engine.run(node, [...args, 'solve', ...options], { env });
    expect(status, stderr).toBe(0);
    expect(readFileSync(path.join(out, 'f'), 'utf8')).toBe('contents');
  });
});
