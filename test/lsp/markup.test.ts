import { expect, test } from 'vitest';
import { markup, plainText } from '../../src/lsp/markup.ts';

test('plain text has the words of Markdown without its marks, and code as it is', () => {
  const markdown =
    '**COPY**\n\n```dockerfile\nCOPY `a` **\n```\n\n---\n\nCopies `a` and `` b`c ``.\n\n[Reference](https://a/b)';
  expect(plainText(markdown)).toBe('COPY\n\nCOPY `a` **\n\nCopies a and b`c.\n\nReference: https://a/b');
});

test('Markdown stays for an editor that shows it', () => {
  expect(markup('**a**', true)).toEqual({ kind: 'markdown', value: '**a**' });
  expect(markup('**a**', false)).toEqual({ kind: 'plaintext', value: 'a' });
});
