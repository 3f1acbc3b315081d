import { expect, test } from 'vitest';
import { cutToWidth, displayWidth, expandTabs } from '../../src/text/width.ts';

test.each([
  ['abc', 3],
  ['构建', 4],
  ['e\u0301', 1],
  ['👨‍👩‍👧‍👦', 2],
  ['🇩🇪', 2],
  ['1️⃣', 2],
  ['❤', 1],
  ['❤️', 2],
  ['👍🏽', 2],
  ['☝🏽', 2],
  ['🇦', 2],
  ['क्षि', 3],
  ['a\u200bb\ufeff', 2],
  ['각'.normalize('NFD'), 2],
  ['ﾊﾝｶｸ', 4],
  ['𠮷', 2],
  ['', 0],
])('%j takes %i columns', (text, columns) => expect(displayWidth(text)).toBe(columns));

test.each([
  ['abcdef', 3, 'abc'],
  ['构建镜像', 5, '构建'],
  ['ab构', 3, 'ab'],
  ['构', 1, ''],
  ['ae\u0301\u0302b', 2, 'ae\u0301\u0302'],
  ['x👨‍👩‍👧‍👦y', 2, 'x'],
  ['x👨‍👩‍👧‍👦y', 3, 'x👨‍👩‍👧‍👦'],
  ['𠮷𠮷', 3, '𠮷'],
  ['abc', 3, 'abc'],
  ['abce\u0301', 4, 'abce\u0301'],
  ['abc', 0, ''],
  ['abc', -4, ''],
])('%j cut to %i columns is %j', (text, columns, cut) => expect(cutToWidth(text, columns)).toBe(cut));

test('tabs go on to the next column that is a multiple of 8', () => {
  expect(expandTabs('a\tb\t\tc')).toBe('a       b               c');
  expect(expandTabs('构\tb')).toBe('构      b');
  expect(expandTabs('12345678\tb')).toBe('12345678        b');
});
