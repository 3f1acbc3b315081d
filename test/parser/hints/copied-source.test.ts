/** Why a path is not found in a stage. */
import { expect, test } from 'vitest';
import { copiedSources, explainMissingInStage } from '../../../src/parser/hints/copied-source.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';

const stage = 'FROM alpine AS Build\nWORKDIR /app\nCOPY main.js .\nCOPY lib/util.js /srv/lib/\n';

function hint(copy: string, path: string, inContext = false): string | undefined {
  const dockerfile = parseDockerfile(`${stage}FROM scratch\n${copy}\n`);
  const [source] = copiedSources(dockerfile, [{ start: 6, end: 6 }]);
  return explainMissingInStage(dockerfile, path, source!, inContext);
}

test.each([
  ['COPY --from=build main.js /', '/main.js', 'not at its WORKDIR /app: did you mean /app/main.js?'],
  ['COPY --from=BUILD /app/mian.js /', '/app/mian.js', 'The stage build has /app/main.js: did you mean that?'],
  ['COPY --from=0 /util.js /', '/util.js', 'The stage build has /srv/lib/util.js: did you mean that?'],
  ['RUN --mount=from=build,source=/app/mian.js x', '/app/mian.js', 'has /app/main.js'],
])('a source that the stage does not have gets a hint: %s', (copy, path, words) => {
  expect(hint(copy, path)).toContain(words);
});

test('what is written with a slip is not looked for in the WORKDIR', () => {
  expect(hint('COPY --from=build app/mian.js /', '/app/mian.js')).toBe(
    'The stage build has /app/main.js: did you mean that?',
  );
});

test('what COPY takes of a directory of the context is in the stage', () => {
  const sent = ['src', 'src/main.js', 'src/lib', 'src/lib/tool.js', 'other.js'];
  const of = (copy: string, path: string, more = '') => {
    const text = `FROM alpine AS build\nCOPY src /app/dist/\n${more}FROM scratch\n${copy}\n`;
    const dockerfile = parseDockerfile(text);
    const [source] = copiedSources(dockerfile, [{ start: 1, end: 9 }]).filter(({ from }) => from !== '');
    return explainMissingInStage(dockerfile, path, source!, false, sent);
  };
  expect(of('COPY --from=build /app/dsit /', '/app/dsit')).toBe('The stage build has /app/dist: did you mean that?');
  expect(of('COPY --from=build /app/dist/mian.js /', '/app/dist/mian.js')).toBe(
    'The stage build has /app/dist/main.js: did you mean that?',
  );
  expect(of('COPY --from=build /tool.js /', '/tool.js')).toBe(
    'The stage build has /app/dist/lib/tool.js: did you mean that?',
  );
  expect(of('COPY --from=build /app/dist/src /', '/app/dist/src')).toBeUndefined();
  expect(of('RUN --mount=from=build,source=/app/dsit x', '/app/dsit', 'RUN rm -r /app/dist\n')).toBe(
    'COPY puts /app/dist into the stage build: did you mean that?',
  );
});

test('a hint says that only the context has the source', () => {
  expect(hint('COPY --from=build /none.txt /', '/none.txt', true)).toBe(
    'none.txt is in the build context, but --from looks for it in the stage build.',
  );
  expect(hint('COPY --from=build /none.txt /', '/none.txt')).toBeUndefined();
});
