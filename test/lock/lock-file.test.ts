import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { formatLock, type Lock, maxLockLength, readLock } from '../../src/lock/lock-file.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const commit = 'c0ffee'.repeat(7).slice(0, 40);

const lock: Lock = {
  platforms: ['linux/arm64', 'linux/amd64'],
  sources: [
    { kind: 'git', name: 'https://example.com/repo.git#v1', pin: commit, date: '2026-01-31T12:00:00Z' },
    { kind: 'git', name: 'git@example.com:org/repo.git', pin: '1'.repeat(40) },
    { kind: 'http', name: 'https://example.com/a?b=c&d', pin: digest('2') },
    { kind: 'image', name: 'tool-arm64:1', pin: digest('4'), platforms: ['linux/arm64'] },
    { kind: 'image', name: 'alpine:3.20', pin: digest('3'), date: '2025-12-01T00:00:00Z' },
  ],
};

const text = `# What the Dockerfile takes from outside. \`tsfront lock\` writes this file.
lockVersion: 1
platforms: linux/amd64, linux/arm64

images:
  alpine:3.20:
    digest: ${digest('3')}
    created: 2025-12-01T00:00:00Z
  tool-arm64:1:
    digest: ${digest('4')}
    platforms: linux/arm64

files:
  https://example.com/a?b=c&d:
    checksum: ${digest('2')}

repositories:
  git@example.com:org/repo.git:
    commit: "1111111111111111111111111111111111111111"
  https://example.com/repo.git#v1:
    commit: ${commit}
    committed: 2026-01-31T12:00:00Z
`;

/** The message for a text that is not a lock. */
function refusal(wrong: string): string {
  try {
    readLock(wrong);
  } catch (error) {
    const [diagnostic] = findDiagnosticError(error)?.diagnostics ?? [];
    expect(diagnostic).toMatchObject({ code: 'bad-lock-file', hint: expect.stringContaining('tsfront') });
    return diagnostic!.message;
  }
  return 'no error';
}

test('a lock has one text, sorted by kind and name, in which numbers are quoted', () => {
  expect(formatLock(lock)).toBe(text);
  expect(formatLock({ platforms: [...lock.platforms].reverse(), sources: [...lock.sources].reverse() })).toBe(text);
});

test('what is written is read back, with any end of line and any comments', () => {
  const read = readLock(text);
  expect(read.platforms).toEqual(['linux/amd64', 'linux/arm64']);
  expect(new Set(read.sources)).toEqual(new Set(lock.sources));
  expect(readLock(text.replaceAll('\n', '\r\n'))).toEqual(read);
  expect(readLock(`# reviewed\n\n${text.replace('images:\n', 'images:\n    # why\n')}`)).toEqual(read);
});

test('any address and reference comes back as it was', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(fc.constantFrom('http', 'git'), word), { selector: String }), (names) => {
      const sources = names.map(([kind, name]) =>
        kind === 'git'
          ? ({ kind: 'git', name, pin: commit } as const)
          : ({ kind: 'http', name, pin: digest('a') } as const),
      );
      const read = readLock(formatLock({ platforms: ['linux/amd64'], sources }));
      expect(new Set(read.sources)).toEqual(new Set(sources));
    }),
  );
});

describe('what is not a lock is refused with its line and column', () => {
  test.each([
    ['', '1:1: lockVersion is missing'],
    ['lockVersion: 2\n', '1:14: lockVersion 2 is not known'],
    ['lockVersion: "1\n', '1:14: the quoted text is not a JSON string'],
    ['platforms: linux/amd64\n', '1:1: here lockVersion is expected, not platforms'],
    [
      'lockVersion: 1\nplatforms: linux/amd64, nope/what/is/this\n',
      '2:12: nope/what/is/this is not a platform such as linux/amd64',
    ],
    ['lockVersion: 1\nplatforms: linux/amd64, linux/amd64\n', '2:12: linux/amd64 stands twice'],
    ['lockVersion: 1\nplatforms:\n', '2:1: platforms has no value'],
  ])('the text %j is refused', (wrong, message) => {
    expect(refusal(wrong)).toBe(`Dockerfile.lock:${message}`);
  });

  const change = (from: string | RegExp, to: string) => refusal(text.replace(from, to));

  test.each([
    [
      'a source that is pinned twice',
      () => change('  tool-arm64:1:', '  alpine:3.20:'),
      /^Dockerfile.lock:9:3: alpine:3.20 is pinned twice$/,
    ],
    [
      'an image without its tag',
      () => change('  alpine:3.20:', '  alpine:'),
      /:6:3: alpine is not an image with its tag/,
    ],
    [
      'an image with its digest',
      () => change('  alpine:3.20:', `  alpine:3.20@${digest('1')}:`),
      /is not an image with its tag/,
    ],
    [
      'a long spelling of an image',
      () => change('  alpine:3.20:', '  docker.io/library/alpine:3.20:'),
      /is not an image with its tag/,
    ],
    [
      'an invalid digest',
      () => change(digest('3'), 'sha256:3'),
      /:7:13: sha256:3 is not a digest: invalid checksum digest length$/,
    ],
    ['a short commit', () => change(commit, 'c0ffee'), /:21:13: c0ffee is not the hash of a commit$/],
    [
      'an invalid time',
      () => change('2025-12-01T00:00:00Z', '2025-13-01T00:00:00Z'),
      /:8:14: 2025-13-01T00:00:00Z is not a time/,
    ],
    ['a misspelled field', () => change('digest:', 'digst:'), /:7:5: here digest is expected, not digst$/],
    [
      'an unknown field',
      () => change('    created:', '    createt:'),
      /:8:5: createt is not known here \(did you mean created\?\)$/,
    ],
    [
      'a field that occurs twice',
      () => change('    created:', `    digest: ${digest('3')}\n    created:`),
      /:8:5: digest is not known here/,
    ],
    ['an unknown section', () => change('files:', 'fils:'), /:13:1: fils is not known here \(did you mean files\?\)$/],
    ['sections in another order', () => change('files:', 'images:'), /:13:1: images stands twice or not in its order$/],
    ['an empty section', () => refusal(`${text.slice(0, text.indexOf('  alpine'))}`), /:5:1: images has no sources$/],
    [
      'a platform that the lock does not have',
      () => change('platforms: linux/arm64\n', 'platforms: linux/s390x\n'),
      /linux\/s390x is not among the platforms of the lock$/,
    ],
    ['a tab', () => change('    digest', '\tdigest'), /:7:1: a line is indented with spaces, not with tabs$/],
    [
      'a depth in between',
      () => change('    digest', '   digest'),
      /:7:1: a line is indented by 0, 2 or 4 spaces, not by 3$/,
    ],
    [
      'a deeper line under nothing',
      () => change('images:\n', ''),
      /:5:3: alpine:3.20 is indented, but nothing above it takes it$/,
    ],
    ['a conflict of git', () => change('images:', '<<<<<<< ours\nimages:'), /:5:1: a line has the form `name: value`$/],
    [
      'a list of YAML',
      () => change('linux/amd64, linux/arm64', '[linux/amd64]'),
      /:3:12: a line has the form `name: value`$/,
    ],
    ['more text after a quoted value', () => change('"1111', '"a" "1111'), /there is more after the value$/],
  ])('%s is refused', (_, refused, message) => {
    expect(refused()).toMatch(message);
  });

  test('a text that is too large is refused before it is read', () => {
    expect(refusal(`${text}#${'x'.repeat(maxLockLength)}`)).toBe(
      `Dockerfile.lock:1:1: it is larger than ${maxLockLength} characters`,
    );
  });

  test('a text that is not a lock fails with no other error than bad-lock-file', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(...text.split(/(?<=[\n: ])/)));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          readLock(pieces.join(''));
        } catch (error) {
          expect(findDiagnosticError(error)?.code).toBe('bad-lock-file');
        }
      }),
    );
  });

  test('a line of a million characters is refused', () => {
    for (const part of ['a', ' ', ':', '"', '\\', 'a:', '# ', ': ', 'a b'])
      expect(refusal(`lockVersion: 1\nplatforms: linux/amd64\nimages:\n  ${part.repeat(1_000_000)}`)).toContain(
        'Dockerfile.lock:',
      );
  });
});
