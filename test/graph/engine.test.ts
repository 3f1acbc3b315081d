/** Records of real builds, by tsfront and by docker: every op of the graph is found in them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { BuildGraph } from '../../src/graph/graph-model.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

await onEngines('a record of a build', { suites: ['forky'] }, (engine) => {
  test.each(['tsfront', 'docker'])('by %s has the times of all ops, and what came from the cache', async (builder) => {
    const context = temporaryDir({
      Dockerfile: `FROM scratch AS files
COPY a /a
COPY --link a /b
FROM scratch
COPY --from=files /a /c
COPY <<EOT /greeting
hello ${Math.random()}
EOT
`,
      a: `${Math.random()}`,
    });
    const record = path.join(context, 'build.jsonl');
    const build = `${builder === 'docker' ? 'docker build' : `${process.execPath} ${cli} build`} --progress rawjson ${context} 2>${record}`;
    const graphOf = async () => {
      await engine.must('sh', ['-c', build]);
      const flags = ['graph', context, '--offline', '--format', 'json', '--record', record, '-o', `${record}.json`];
      await engine.must(process.execPath, [cli, ...flags]);
      return (JSON.parse(readFileSync(`${record}.json`, 'utf8')) as BuildGraph).platforms[0]!;
    };
    const first = await graphOf();
    expect(first.record!.unknown).toBe(0);
    expect(first.ops.filter((op) => op.record!.cached).map(({ name }) => name)).toEqual([]);
    expect(first.ops.filter((op) => op.record!.critical).length).toBeGreaterThan(1);
    const second = await graphOf();
    expect(second.record!.unknown).toBe(0);
    // A daemon looks at the context each time, and writes the texts of heredocs again.
    const steps = second.ops.filter(({ name }) => !name.startsWith('[internal]'));
    expect(steps.filter((op) => !op.record!.cached)).toEqual([]);
  });
});
