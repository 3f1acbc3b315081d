/**
 * A formatted Dockerfile builds the same: the golden cases, played with their Dockerfiles as they are and formatted,
 * give the same ops, metadata and image config. Only the names of steps show the spelling of the file.
 */
import { describe, expect, test } from 'vitest';
import { formatDockerfile } from '../../src/format/index.ts';
import { decodeText, encodeText } from '../../src/go/text.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { type GoldenCase, goldenNames, readCase } from '../golden/cases.ts';
import { normalize } from '../golden/lib/compare.mjs';
import { play } from '../golden/play.ts';

/** The case with formatted Dockerfiles; undefined if none of them changes. */
function formattedCase(golden: GoldenCase): GoldenCase | undefined {
  const files = new Map(golden.files);
  let changes = false;
  for (const [name, body] of golden.files) {
    if (!/(?:^|[!/])[^/]*dockerfile[^/]*$/i.test(name) && name !== golden.opts?.['filename']) continue;
    if (/\.dockerignore$/.test(name)) continue;
    const text = decodeText(Buffer.from(body));
    if (parseDockerfile(text).diagnostics.length > 0) continue;
    const formatted = formatDockerfile(text);
    expect(formatDockerfile(formatted)).toBe(formatted);
    if (formatted === text) continue;
    files.set(name, Buffer.from(encodeText(formatted)));
    changes = true;
  }
  return changes ? { ...golden, files } : undefined;
}

/** The names of steps quote instructions: what formatting changes in them. */
const quoting: ReadonlySet<string> = new Set(['llb.customname', 'com.docker.dockerfile.v1.command', 'name']);

/** What a build is, without where in the file it comes from. */
function buildOf(record: Readonly<Record<string, unknown>>): unknown {
  const { solves, result, resolves, error } = normalize(record) as {
    solves: { definition?: { source?: unknown } }[];
    result?: { metadata: Record<string, string> };
    resolves: unknown;
    error?: { code: number; message: string };
  };
  const withoutPlaces = solves.map((solve) => ({ ...solve, definition: { ...solve.definition, source: undefined } }));
  const build = {
    solves: withoutPlaces,
    result,
    resolves,
    error: error && [error.code, error.message.replace(/\d+/g, 'N').replace(/\s+/g, '').toLowerCase()],
  };
  return JSON.parse(
    JSON.stringify(build, (key, value) =>
      quoting.has(key) && typeof value === 'string' ? value.replace(/\s+/g, '').toLowerCase() : value,
    ),
  );
}

const cases = goldenNames().flatMap((name) => {
  const golden = readCase(name);
  if (golden.opts?.['requestid'] !== undefined) return []; // its answer is about the text itself
  const formatted = formattedCase(golden);
  return formatted ? [[name, golden, formatted] as const] : [];
});

describe('golden cases', () => {
  test.each(cases)('the case %s compiles to the same build after formatting', async (_, golden, formatted) => {
    expect(buildOf(await play(formatted))).toEqual(buildOf(await play(golden)));
  });

  test('many of them change', () => {
    expect(cases.length).toBeGreaterThan(100);
  });
});
