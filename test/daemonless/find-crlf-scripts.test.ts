import { describe, expect, test } from 'vitest';
import { type FileTree, memoryTree } from '../../src/daemonless/file-tree.ts';
import { findCrlfScripts } from '../../src/daemonless/find-crlf-scripts.ts';
import { ignoreRules } from '../../src/parser/ignore/dockerignore.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const files = {
  'entry.sh': '#!/bin/sh\r\necho a\r\n',
  'good.sh': '#!/bin/sh\necho a\n',
  'plain.sh': 'echo a\r\n',
  'notes.txt': 'hello\r\n',
  'bin/tool': '#!/usr/bin/env python3\r\n',
  'bin/deep/run.sh': 'echo a\r\n',
  'src/a/b/start.sh': '#!/bin/sh\r\n',
  'src/a/b/good.sh': '#!/bin/sh\n',
  'src/a/b/data.txt': '#!\r\n',
  'src/node_modules/x/x.sh': '#!/bin/sh\r\n',
  binary: '#!\0\r\n',
};

async function found(lines: readonly string[], ignore = '', tree: FileTree = memoryTree(files)): Promise<string[]> {
  const dockerfile = parseDockerfile(`FROM alpine AS base\n${lines.join('\n')}\n`);
  expect(dockerfile.diagnostics).toEqual([]);
  const ignoreFile = { name: '.dockerignore', rules: ignoreRules(ignore) };
  const warnings = await findCrlfScripts(dockerfile, tree, ignoreFile);
  return warnings.map(({ message, lines }) => `${lines[0]!.start} ${/the lines of (\S+)/.exec(message)![1]}`);
}

describe('a script with CR LF is found', () => {
  test.each<[string[], string[]]>([
    // By its first line.
    [['COPY entry.sh /'], ['2 entry.sh']],
    [['COPY *.sh /'], ['2 entry.sh']],
    [['ADD ["entry.sh", "/"]'], ['2 entry.sh']],
    [['ARG NAME=entry', 'COPY ${NAME}.sh /'], ['3 entry.sh']],
    [['COPY . /app'], ['2 entry.sh', '2 src/a/b/start.sh']],
    [['COPY bin/ /usr/bin/'], ['2 bin/tool']],
    [['RUN --mount=type=bind,source=entry.sh,target=/e.sh /e.sh'], ['2 entry.sh']],
    // By what runs it.
    [['COPY plain.sh /', 'ENTRYPOINT ["/plain.sh"]'], ['2 plain.sh']],
    [['COPY plain.sh /x', 'CMD /x'], ['2 plain.sh']],
    [['COPY plain.sh /usr/local/bin/', 'ENTRYPOINT ["plain.sh"]'], ['2 plain.sh']],
    [['WORKDIR /app', 'COPY plain.sh good.sh ./', 'RUN a && sh -e ./plain.sh b'], ['3 plain.sh']],
    [['WORKDIR /app', 'COPY plain.sh .', 'CMD ["sh", "-c", "cd /; exec /app/plain.sh"]'], ['3 plain.sh']],
    [
      ['COPY bin /opt', 'RUN . /opt/deep/run.sh'],
      ['2 bin/tool', '2 bin/deep/run.sh'],
    ],
    [['COPY plain.sh /', 'ENTRYPOINT ["tini", "--", "/plain.sh"]'], ['2 plain.sh']],
    [['COPY plain.sh /', 'ENTRYPOINT ["gosu", "nobody", "/plain.sh"]'], ['2 plain.sh']],
    [['COPY plain.sh /', 'HEALTHCHECK CMD /plain.sh'], ['2 plain.sh']],
    [['COPY plain.s? /', 'CMD ["/plain.sh"]'], ['2 plain.sh']],
    [['COPY plain.sh /', 'FROM base', 'CMD ["/plain.sh"]'], ['2 plain.sh']],
    [['RUN --mount=target=/src sh /src/plain.sh'], ['2 entry.sh', '2 src/a/b/start.sh', '2 plain.sh']],
    [['COPY src /src'], ['2 src/a/b/start.sh']],
    // Of a here-document.
    [['COPY <<EOF /x', 'echo a\r', 'EOF', 'CMD ["/x"]'], ['2 /x']],
    [['WORKDIR /app', 'COPY <<x bin/', 'echo a\r', 'x', 'RUN sh ./bin/x'], ['3 /app/bin/x']],
  ])('the script is found in %j', async (lines, expected) => {
    expect(await found(lines)).toEqual(expected);
  });
});

describe('nothing is found where there is no script, or one that is mended', () => {
  test.each([
    [['COPY good.sh /', 'CMD ["/good.sh"]']],
    [['COPY plain.sh notes.txt binary /', 'RUN cat /plain.sh /notes.txt']],
    [['COPY entry.sh /', "RUN sed -i 's/\\r$//' /entry.sh"]],
    [['COPY entry.sh /', 'RUN dos2unix /entry.sh']],
    [['FROM mcr.microsoft.com/windows/servercore:ltsc2022', 'COPY entry.sh /']],
    [['SHELL ["powershell", "-Command"]', 'COPY entry.sh /']],
    [['FROM scratch', 'COPY --from=base entry.sh /']],
    [['ADD https://example.com/entry.sh /', 'ADD git@example.com:entry.sh /x']],
    [['COPY $UNKNOWN/entry.sh /', 'COPY missing.sh /', 'CMD /missing.sh']],
    [['COPY ../../entry.txt /']],
    [['COPY <<EOF /x', 'a\r', 'EOF', 'RUN cat /x']],
    [['COPY <<EOF /x.sh', '#!/bin/sh\r', 'EOF', 'CMD ["/x.sh"]']], // told without a context
  ])('nothing is found in %j', async (lines) => {
    expect(await found(lines)).toEqual([]);
  });

  test('what an ignore file leaves out', async () => {
    expect(await found(['COPY . /', 'CMD /plain.sh'], '**/*.sh\n')).toEqual([]);
  });
});

test('each file is looked at once, by its beginning, and not beyond a number', async () => {
  const names = Array.from({ length: 2000 }, (_, at) => `f${at}`);
  const tree = memoryTree(Object.fromEntries(names.map((name) => [name, '#!x\n'])));
  let reads = 0;
  const counting: FileTree = {
    ...tree,
    readFile: () => Promise.reject(new Error('the whole file')),
    readStart: async (name, bytes) => {
      reads++;
      return (await tree.readFile(name)).subarray(0, bytes);
    },
  };
  expect(await found(['COPY . /', 'COPY f1 f2 /', 'CMD /f1'], '', counting)).toEqual([]);
  expect(reads).toBe(500);
});
