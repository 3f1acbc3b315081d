/** What `tsfront build` leaves on a real terminal. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createScreen } from '../client/terminal-screen.ts';
import { runCommand } from '../engine/command.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Runs tsfront in a pseudo-terminal of util-linux's `script`, and shows all that comes out of it on a screen.
 * @param resize the size that the terminal gets once `when` is on it
 */
async function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv, { columns = 70, rows = 30, resize }: { columns?: number; rows?: number; resize?: { when: string; columns: number; rows: number } }) {
  const screen = createScreen(columns, rows);
  const words = [process.execPath, cli, ...args].map(quote).join(' ');
  const script = `stty cols ${columns} rows ${rows}; tty; exec ${words}`;
  const child = spawn('script', ['-qefc', script, '/dev/null'], { env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' } });
  let text = '';
  let resized: Promise<unknown> | undefined;
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    screen.write(data);
    if (!resize || resized || !text.includes(resize.when)) return;
    const [, tty = ''] = /^(\/dev\/\S+)/m.exec(text) ?? [];
    resized = screen
      .resize(resize.columns, resize.rows)
      .then(() => runCommand('stty', ['-F', tty, 'cols', String(resize.columns), 'rows', String(resize.rows)]));
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  await resized;
  return { code, text, rows: await screen.rows(), title: screen.title };
} // biome-ignore format: a signature

await onEngines('a build on a terminal', { suites: ['forky'] }, (engine) => {
  const directory = async (script: string) => {
    const dir = temporaryDir();
    mkdirSync(path.join(dir, '构建 👨‍👩‍👧'));
    writeFileSync(path.join(dir, '构建 👨‍👩‍👧', '文件.txt'), String(Math.random()));
    writeFileSync(
      path.join(dir, 'Dockerfile'),
      `FROM ${await engine.baseImage()}\nCOPY ["构建 👨‍👩‍👧", "/构建"]\nRUN ${script}\n`,
    );
    return dir;
  };
  const flags = ['build', '--progress=tty', '--output=type=cacheonly'];
  const env = () => engine.env;

  test('a build with wide characters takes one line for each step', async () => {
    const script = `for i in 1 2 3 4 5 6 7 8; do printf '$i 安装依赖项目 e\\u0301 👨‍👩‍👧 ${'构建镜像'.repeat(20)}\\n'; sleep 0.1; done; printf '\\033]0;owned\\007\\033[2J\\n'; echo ${Math.random()}`;
    const { code, rows, title } = await onTerminal([...flags, await directory(script)], env(), {});
    expect(code, rows.join('\n')).toBe(0);
    const steps = rows.filter((row) => row.startsWith(' => '));
    expect(rows.filter((row) => row.startsWith('[+] Building'))).toHaveLength(1);
    expect(rows).toEqual([expect.stringMatching(/^\/dev\//), expect.stringMatching(/FINISHED$/), ...steps]);
    for (const row of steps) expect(row).toMatch(/ \d+\.\ds$/);
    expect(steps.filter((row) => row.includes('[2/3] COPY [构建 👨‍👩‍👧, /构建]'))).toHaveLength(1);
    expect(steps.filter((row) => row.includes('[3/3] RUN for i in'))).toHaveLength(1);
    expect(title).toBe('');
  });

  test('a build whose terminal becomes narrower is shown once', async () => {
    const script = `for i in 1 2 3 4 5 6 7 8 9 10; do echo "resize $i"; sleep 0.2; done; echo ${Math.random()}`;
    const resize = { when: '# resize 2', columns: 45, rows: 40 };
    const { code, rows } = await onTerminal([...flags, await directory(script)], env(), { rows: 40, resize });
    expect(code, rows.join('\n')).toBe(0);
    const last = rows.slice(rows.findLastIndex((row) => row.startsWith('[+] Building')));
    expect(
      last.slice(1).every((row) => / \d+\.\ds$/.test(row) && row.startsWith(' => ')),
      rows.join('\n'),
    ).toBe(true);
    expect(last.filter((row) => row.includes('[3/3] RUN'))).toHaveLength(1);
  });
});
