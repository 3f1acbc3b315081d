/** The example projects are built on an engine, and what comes out is looked at and run. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { toolImages } from './tool-images.ts';

const root = path.resolve(import.meta.dirname, '../..');

await onEngines('the example projects', { suites: ['forky'] }, (engine) => {
  let contexts: string[] = [];
  beforeAll(async () => {
    contexts = await toolImages(engine);
  }, 900_000);

  const build = (project: string, ...args: string[]) => {
    const directory = path.join(root, 'examples', project);
    const command = [
      'build',
      '--progress',
      'plain',
      '-f',
      path.join(directory, 'build.ts'),
      ...contexts,
      ...args,
      directory,
    ];
    return engine.must(process.execPath, [path.join(root, 'src/cli.ts'), ...command], { timeout: 600_000 });
  };
  /** The files of a target. */
  const exported = async (project: string, ...args: string[]) => {
    const dest = path.join(temporaryDir(), 'out');
    await build(project, '-o', dest, ...args);
    return dest;
  };
  const output = async (project: string, ...args: string[]) => {
    const name = `test/example-${project}:1`;
    await build(project, '-t', name, ...args);
    return async (...command: string[]) =>
      engine.must('docker', ['run', '--rm', '--network', 'none', name, ...command]);
  };
  /** The architecture in the header of a Linux program. */
  const architectureOf = (file: string) => {
    const header = readFileSync(file).subarray(0, 20);
    expect(header.toString('latin1', 1, 4)).toBe('ELF');
    return ({ 62: 'amd64', 183: 'arm64' } as Record<number, string>)[header.readUInt16LE(18)];
  };

  test('go: the program runs, is there for two platforms, and its tests pass', { timeout: 900_000 }, async () => {
    const run = await output('go', '--platform', 'linux/amd64');
    expect(await run()).toBe('hello, world from linux/amd64\n');
    expect(await run('you')).toBe('hello, you from linux/amd64\n');
    const both = await exported('go', '--platform', 'linux/amd64,linux/arm64');
    expect(readdirSync(both).sort()).toEqual(['linux_amd64', 'linux_arm64']);
    for (const architecture of ['amd64', 'arm64']) {
      expect(readdirSync(path.join(both, `linux_${architecture}`))).toEqual(['hello']);
      expect(architectureOf(path.join(both, `linux_${architecture}/hello`))).toBe(architecture);
    }
    const report = await exported('go', '--target', 'test');
    const lines = readFileSync(path.join(report, 'report.json'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ Action: 'pass', Test: 'TestFor' }),
    );
  });

  test('node-workspaces: npm builds each workspace after those that it depends on', { timeout: 600_000 }, async () => {
    expect(await (await output('node-workspaces', '--target', 'api'))()).toBe('1970-01-01 the api has started\n');
    const report = await output('node-workspaces', '--target', 'report');
    expect(await report()).toBe('1970-01-01 a report of 1970-01-02\n');
    // Made while it was built, so what it imports was built before.
    expect(await report('cat', 'apps/report/dist/sample.txt')).toBe('1970-01-01 a report of 1970-01-02\n');
    expect(await report('ls', 'apps', 'packages')).toBe('apps:\nreport\n\npackages:\ndates\nformat\n');
    expect(readdirSync(await exported('node-workspaces', '--target', 'dates'))).toEqual(['index.js']);
    const tests = readFileSync(path.join(await exported('node-workspaces', '--target', 'test'), 'report.tap'), 'utf8');
    expect(tests).toMatch(/^# pass 2$/m);
    expect(tests).toMatch(/^# fail 0$/m);
  });

  test('python-uv: the image has the virtual environment and neither uv nor the sources', {
    timeout: 600_000,
  }, async () => {
    const run = await output('python-uv');
    expect(await run()).toBe('21.0 degrees: warm\n');
    expect(await run('python', '-c', 'import sys, weather; print(sys.prefix, weather.report(1))')).toBe(
      '/app/.venv 1.0 degrees: cold\n',
    );
    expect(await run('sh', '-c', 'ls -A /app; ls /bin/uv 2>/dev/null || true')).toBe('.venv\n');
    const report = readFileSync(path.join(await exported('python-uv', '--target', 'test'), 'report.txt'), 'utf8');
    expect(report).toContain('Ran 2 tests');
    expect(report).toMatch(/\nOK\n$/);
  });

  test('monorepo builds eight services, each in its own image, and all in one', { timeout: 900_000 }, async () => {
    const all = await exported('monorepo');
    expect(readdirSync(path.join(all, 'srv')).sort()).toEqual(
      ['catalog', 'emails', 'forecast', 'orders', 'payments', 'reports', 'search', 'storefront'],
    ); // biome-ignore format: a list
    expect(architectureOf(path.join(all, 'srv/orders/orders'))).toBe(process.arch === 'arm64' ? 'arm64' : 'amd64');
    expect(readdirSync(path.join(all, 'srv/emails')).sort()).toEqual(['banner.js', 'main.js', 'package.json']);
    expect(await (await output('monorepo', '--target', 'orders'))()).toBe('orders on port 8081\n');
    expect(await (await output('monorepo', '--target', 'storefront'))()).toBe('storefront on port 8084\n');
    expect(await (await output('monorepo', '--target', 'forecast'))()).toBe('forecast, a job\n');
    const reports = await exported('monorepo', '--target', 'test');
    expect(readdirSync(reports).length).toBe(8);
    expect(readFileSync(path.join(reports, 'payments.txt'), 'utf8')).toMatch(
      /^ok {2}\texample.com\/shop\/services\/payments/,
    );
    expect(readFileSync(path.join(reports, 'emails.txt'), 'utf8')).toMatch(/^# pass 1$/m);
    expect(readFileSync(path.join(reports, 'reports.txt'), 'utf8')).toMatch(/^OK$/m);
  });
});
