import { expect, test } from 'vitest';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

async function found(...lines: readonly string[]): Promise<string[]> {
  const dockerfile = parseDockerfile(lines.join('\n'));
  return (await lintDockerfile(dockerfile)).map(({ code, range, fix }) => {
    const { line, column } = lineColumn(dockerfile.source, range!.start);
    const edit = fix?.edits[0];
    const edited = edit && ` ${dockerfile.source.text.slice(edit.range.start, edit.range.end)}=>${edit.text}`;
    return `${line}:${column} ${code}${edited ?? ''}`;
  });
}

test('the command of an ONBUILD RUN is read, at its place in the file', async () => {
  expect(
    await found(
      'FROM debian:13',
      '',
      'ONBUILD RUN sudo make',
      'onbuild run \\',
      '  # a comment',
      '  apt install -y a && rm -rf /var/lib/apt/lists/*',
      'ONBUILD RUN <<E',
      'curl http://x/y',
      'E',
    ),
  ).toEqual(['3:13 SudoInRun sudo =>', '6:3 AptInScript apt=>apt-get', '8:1 CurlWithoutFail => -f']);
});

test('what ONBUILD stores is no step of its own build', async () => {
  expect(await found('FROM alpine:3', 'COPY a /a', 'ONBUILD RUN cd /x', 'ONBUILD RUN rm /a', 'RUN ls')).toEqual([]);
});

test('a comment above ONBUILD hides what is found in its command', async () => {
  expect(await found('FROM debian:13', '# tsfront-ignore SudoInRun: a reason', 'ONBUILD RUN sudo make')).toEqual([]);
});

test('nothing is said of an ONBUILD with an error', async () => {
  expect(await found('FROM debian:13', 'ONBUILD RUN --x sudo make', 'ONBUILD RNU sudo make')).toEqual([]);
});
