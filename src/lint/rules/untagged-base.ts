import type { Finding, LintRule } from '../rule.ts';

/** A base image has no tag and no digest. */
export const untaggedBase: LintRule = {
  name: 'UntaggedBase',
  summary: 'A base image has a tag or a digest.',
  why: 'An image without a tag is `latest`, which is another image tomorrow: the same Dockerfile then makes something else, and nobody sees since when.',
  bad: ['FROM alpine\nRUN true\n', 'FROM alpine AS a\nFROM localhost:5000/base\n', 'ARG BASE=alpine\nFROM $BASE\n'],
  good: [
    'FROM alpine:3.22\nRUN true\n',
    'FROM scratch\n',
    'FROM "scratch"\n',
    'ARG BASE\nFROM $BASE\n',
    'FROM alpine:3.22 AS a\nFROM a\n',
  ],
  level: 'warning',
  hadolint: 'DL3006',
  *find({ stages }): Generator<Finding> {
    for (const { base, syntax } of stages) {
      if (base.kind !== 'image' || !base.name || /[:@][^/]*$/.test(base.name)) continue;
      const { from } = syntax;
      yield {
        instruction: from,
        range: from.image.range,
        message: `${base.name} has no tag, so it is latest`,
        hint: `Write a tag that stays the same, as in ${base.name}:1.2, or pin the digest with \`tsfront lock\`.`,
      };
    }
  },
};
