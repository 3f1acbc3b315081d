/** A problem is at the part of the instruction that it is about. */
import { expect, test } from 'vitest';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { decodeText } from '../../src/go/text.ts';
import { checkDockerfile } from '../../src/offline/check.ts';
import { memoryTree } from '../../src/offline/file-tree.ts';

/** The errors of a file, each as its code, its place and its text. */
async function errorsOf(bytes: Buffer) {
  const text = decodeText(bytes);
  const dockerfile = memoryTree({ Dockerfile: bytes });
  const locals = new Map([
    ['context', { ...memoryTree({}), partial: true }],
    ['dockerfile', dockerfile],
  ] as const);
  const { source, problems } = await checkDockerfile({ opts: {}, locals, images: [] });
  return problems.flatMap(({ code, severity, range }) => {
    if (severity !== 'error') return [];
    if (!range) return [[code]];
    const { line, column } = lineColumn(source, range.start);
    return [[code, `${line}:${column}`, text.slice(range.start, range.end)]];
  });
}

test.each([
  ['RUN --mount=type=bind,target=/ x', 'bad-mount', '2:13', 'type=bind,target=/'],
  ['RUN --network=none --mount=type=cache,target=/x,uid=me x', 'bad-mount', '2:49', 'uid=me'],
  ['RUN --mount=type=tmpfs,target=/x --mount=type=cahce,target=/x x', 'bad-mount', '2:42', 'type=cahce'],
  ['RUN --mount=type=cache,target=/x \\\n  --mount=target=/y,sharing=lockd x', 'bad-mount', '3:21', 'sharing=lockd'],
  ['RUN --mount=type=cache,"target=/x",mode=rw x', 'bad-mount', '2:36', 'mode=rw'],
  ['RUN --mount=type=secret x', 'bad-mount', '2:13', 'type=secret'],
  ['COPY --link --chmod=rwz a /', 'bad-mode', '2:13', '--chmod=rwz'],
  ['COPY --chown=${X?no} a /', 'bad-substitution', '2:6', '--chown=${X?no}'],
  ['COPY a ${X?no} /', 'bad-substitution', '2:8', '${X?no}'],
  ['ADD --checksum=sha256:1 a /', 'bad-checksum', '2:5', '--checksum=sha256:1'],
  ['EXPOSE 80 \\\n  81/tpc', 'bad-port', '3:3', '81/tpc'],
  ['EXPOSE 9 3000-30001000 1', 'bad-port', '2:10', '3000-30001000'],
  ['STOPSIGNAL  foo', 'bad-signal', '2:13', 'foo'],
])('%s: the error is at its option', async (line, ...expected) => {
  expect(await errorsOf(Buffer.from(`FROM scratch\n${line}\n`))).toEqual([expected]);
});

test('a byte that is not UTF-8 has its place in an instruction, not in a comment', async () => {
  const text = 'FROM scratch\n# caf\xe9\nLABEL a=b\nRUN echo \\\n  caf\xe9\n';
  expect(await errorsOf(Buffer.from(text, 'latin1'))).toEqual([['build', '5:6', '\udce9']]);
});
