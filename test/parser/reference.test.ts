/**
 * What the reference frontend's own parser says, recorded: made-up and mutated Dockerfiles, shell words and mounts.
 * `fixtures/*.json` are measurements; a change in one is a change in what Dockerfiles mean.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dockerfile, StageInstruction } from '../../src/parser/ast.ts';
import {
  createShellLex,
  firstError,
  parseDockerfile,
  parseMount,
  type ShellLexOptions,
  wireMessage,
} from '../../src/parser/index.ts';

function fixture<T>(name: string): T[] {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, 'fixtures', name), 'utf8')) as T[];
}

const environment: Readonly<Record<string, string>> = {
  A: 'abcabcab/ab.txt',
  B: 'é😀\nab\nab.ab',
  EMPTY: '',
  O: '*a?\\b',
  x: '$A',
  1: 'one',
  N: '\n\n',
};
const env = {
  get: (name: string) => (Object.hasOwn(environment, name) ? environment[name] : undefined),
  keys: () => Object.keys(environment),
};

function attempt<T>(read: () => T): T | { error: string } {
  try {
    return read();
  } catch (error) {
    return { error: (error as Error).message };
  }
}

describe('shell words', () => {
  interface Row {
    readonly text: string;
    readonly options: Partial<ShellLexOptions>;
    readonly words?: string[];
    readonly wordsError?: string;
  }
  test.each(fixture<Row>('words.json'))(
    'shell words are expanded as the reference does: $text',
    ({ text, options, words, wordsError, ...expected }) => {
      const lex = createShellLex({ escape: '\\', ...options });
      const word = attempt(() => {
        const { result, matched, unmatched } = lex.processWord(text, env);
        return { result, matched: [...matched].sort(), unmatched: [...unmatched].sort() };
      });
      expect(word).toEqual(expected);
      expect(attempt(() => lex.processWords(text, env))).toEqual(words ?? { error: wordsError });
    },
  );
});

describe('mounts', () => {
  const lex = createShellLex({ escape: '\\' });
  const variables = { get: (name: string) => (name === 'A' ? 'cache' : undefined), keys: () => ['A'] };
  interface Row {
    readonly value: string;
    readonly mount?: object;
    readonly error?: string;
  }
  test.each(fixture<Row>('mounts.json'))('mounts are read as the reference does: $value', ({ value, mount, error }) => {
    const parsed = attempt(() => {
      parseMount(value); // what is read without variables is an error first
      const { sizeLimit, env, mode, uid, gid, ...rest } = parseMount(
        value,
        (word) => lex.processWord(word, variables).result,
      );
      const options = { env: env ?? null, mode: mode ?? null, uid: uid ?? null, gid: gid ?? null };
      return { ...rest, ...options, sizeLimit: Number(sizeLimit) };
    });
    expect(parsed).toEqual(mount ?? { error });
  });
});

describe('dockerfiles', () => {
  interface Row {
    readonly text: string;
    readonly error?: string;
    readonly locations?: number[][];
    /** Lines of the warnings; missing where the reference did not get that far. */
    readonly emptyContinuations?: number[];
    readonly escape?: string;
    readonly metaArgs?: object[];
    readonly stages?: object[];
  }
  test.each(fixture<Row>('dockerfiles.json'))(
    'Dockerfiles are parsed as the reference parses them: $text',
    ({ text, error, locations, emptyContinuations, ...expected }) => {
      const dockerfile = parseDockerfile(text);
      if (emptyContinuations)
        expect(dockerfile.emptyContinuations.map(({ lines }) => lines.start)).toEqual(emptyContinuations);
      const found = firstError(dockerfile);
      if (error !== undefined) {
        expect(found && wireMessage(found.diagnostics[0])).toBe(error);
        expect(found?.message.startsWith(error)).toBe(true);
        expect(found?.diagnostics[0].lines.map((lines) => lines && allLines(lines))).toEqual(locations);
      } else {
        expect(found).toBeUndefined();
        expect(plain(dockerfile)).toEqual(expected);
      }
    },
  );
});

function allLines({ start, end }: { start: number; end: number }): number[] {
  return Array.from({ length: end - start + 1 }, (_, index) => start + index);
}

function plain({ escape: escapeToken, metaArgs, stages }: Dockerfile) {
  return {
    escape: escapeToken,
    metaArgs: metaArgs.map(plainInstruction),
    stages: stages.map(({ name, from, instructions }) => ({
      name,
      image: from.image.text,
      platform: from.platform,
      docComment: from.docComment,
      keyword: from.keyword,
      code: from.code,
      lines: from.lines,
      comments: from.comments,
      instructions: instructions.map(plainInstruction),
    })),
  };
}

/** An instruction as the fixtures have it: without ranges, words as texts, numbers of nanoseconds as texts. */
function plainInstruction(instruction: StageInstruction): object {
  const { range, keywordRange, flags, ...rest } = instruction;
  const ranges = ['range', 'contentRange', 'portRanges', 'signalRange', 'volumeRanges'];
  const dropped = [...ranges, 'mounts', ...(rest.kind === 'run' ? ['fileDescriptor', 'expand'] : [])];
  const text = JSON.stringify(rest, (key, value: unknown) => {
    if (dropped.includes(key)) return undefined;
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'object' && value !== null && 'text' in value) return value.text;
    if (Array.isArray(value)) return value;
    if (typeof value === 'object' && value !== null && 'key' in value)
      return { ...value, value: nullable(value, 'value') };
    return value;
  });
  const result = JSON.parse(text) as Record<string, unknown>;
  if (rest.kind === 'add') {
    result['keepGitDir'] = rest.keepGitDir ?? null;
    result['unpack'] = rest.unpack ?? null;
  }
  return result;
}

function nullable(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key] ?? null;
}
