import { expect, test } from 'vitest';
import { explainMissingSource } from '../../../src/parser/hints/explain-missing-source.ts';
import { ignoreRules } from '../../../src/parser/ignore/dockerignore.ts';

const ignoreFile = (text: string) => ({ name: '.dockerignore', rules: ignoreRules(text) });

test('the ignore rule that leaves a source out is named with its line as it is written', () => {
  const rules = ignoreFile('# comment\n\n*.log\n/secrets/\n!secrets/public\n');
  const names = ['secrets', 'secrets/key', 'secrets/public', 'a.log'];
  expect(explainMissingSource('secrets/key', { ignoreFile: rules, names })).toBe(
    '.dockerignore:4 (/secrets/) leaves secrets/key out of the context: take that line out, or add !secrets/key below it.',
  );
  expect(explainMissingSource('/a.log', { ignoreFile: rules })).toMatch(
    /^\.dockerignore:3 \(\*\.log\) leaves a\.log out/,
  );
  expect(explainMissingSource('secrets/public', { ignoreFile: rules, names })).toBeUndefined();
});

test('the last rule counts: one that takes in again what is left out again afterwards', () => {
  const rules = ignoreFile('*\n!src\nsrc/gen\n');
  expect(explainMissingSource('src/gen/a.go', { ignoreFile: rules })).toMatch(/^\.dockerignore:3 \(src\/gen\)/);
  expect(explainMissingSource('lib', { ignoreFile: rules })).toMatch(/^\.dockerignore:1 \(\*\)/);
  expect(explainMissingSource('src', { ignoreFile: rules })).toBeUndefined();
});

test('a wildcard asks about the files that it would match', () => {
  const rules = ignoreFile('*.pem\n');
  expect(explainMissingSource('certs/*.pem', { ignoreFile: ignoreFile('**/*.pem'), names: ['certs/a.pem'] })).toMatch(
    /^\.dockerignore:1 \(\*\*\/\*\.pem\) leaves certs\/a\.pem out/,
  );
  expect(explainMissingSource('*.pem', { ignoreFile: rules, names: ['b.txt'] })).toBe(
    'Nothing in the context matches *.pem.',
  );
});

test('a name with other capitals, or in another Unicode form', () => {
  const names = ['src', 'src/App.ts', 'caf\u0065\u0301.txt'];
  expect(explainMissingSource('src/app.ts', { names })).toBe('The context has src/App.ts: names are case-sensitive.');
  expect(explainMissingSource('Src/App.ts', { names })).toBe('The context has src/App.ts: names are case-sensitive.');
  expect(explainMissingSource('caf\u00e9.txt', { names })).toContain('another Unicode form');
  expect(explainMissingSource('src/app.ts', { names, ignoreFile: ignoreFile('\n**/*.ts') })).toBe(
    'The context has src/App.ts: names are case-sensitive. .dockerignore:2 (**/*.ts) leaves it out of the context.',
  );
});

test('the closest name is suggested, of a file or of a directory on the way', () => {
  const names = ['package.json', 'server', 'server/main.go', 'client/index.ts'];
  expect(explainMissingSource('pakage.json', { names })).toBe('Did you mean package.json?');
  expect(explainMissingSource('sever/main.go', { names })).toBe('Did you mean server/main.go?');
  expect(explainMissingSource('clinet/index.ts', { names })).toBe('Did you mean client/index.ts?');
  expect(explainMissingSource('entirely-else', { names })).toBeUndefined();
});

test('a path that does not start at the root of the context', () => {
  const names = ['services/api/go.mod', 'services/web/go.mod'];
  expect(explainMissingSource('go.mod', { names })).toBe(
    'The context has services/api/go.mod and 1 more of that name: a path starts at the root of the context.',
  );
  expect(explainMissingSource('../shared/lib', { names })).toMatch(
    /^No path leads out of the context, so \.\.\/shared\/lib means shared\/lib .* pass one with `context:NAME`\.$/,
  );
});

test('patterns in error explain nothing', () => {
  expect(explainMissingSource('a', { ignoreFile: ignoreFile('[a-\n!') })).toBeUndefined();
});

test('a path out of the context is told before any name that looks like it', () => {
  expect(explainMissingSource('../x', { names: ['c', 'd'] })).toMatch(/^No path leads out of the context/);
});

test('a short name is not suggested for another that has none of its letters', () => {
  expect(explainMissingSource('qq', { names: ['D1'] })).toBeUndefined();
  expect(explainMissingSource('qa', { names: ['qb'] })).toBe('Did you mean qb?');
});
