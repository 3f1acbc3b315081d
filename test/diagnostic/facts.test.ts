/** What problems are about, as data, from where they are made. */
import { expect, test } from 'vitest';
import { describeError } from '../../src/diagnostic/diagnostic.ts';
import { NameError } from '../../src/diagnostic/facts.ts';
import { parseDockerfile } from '../../src/parser/parse.ts';

test.each([
  ['COPY --chwon=1 a b', 'chwon', 'chown'],
  ['CPOY a b', 'CPOY', 'COPY'],
  ['RUN --device=a,requierd=true ls', 'requierd', 'required'],
  ['COPY --nothing-like-it a b', 'nothing-like-it', undefined],
])('the problem of %s has the name and what is meant', (line, name, meant) => {
  const { diagnostics } = parseDockerfile(`FROM scratch\n${line}\n`);
  expect(diagnostics.map(({ facts }) => facts)).toEqual([{ name, meant }]);
});

test('the facts of an error go to its diagnostic, also if other errors have it as their cause', () => {
  const cause = new NameError('no such thing: a', { name: 'a', meant: 'b' });
  const error = describeError(new Error('outer: no such thing: a', { cause }), 'build');
  expect(error.diagnostics[0].facts).toEqual({ name: 'a', meant: 'b' });
});
