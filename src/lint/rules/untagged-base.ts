import type { Finding, LintRule } from '../rule.ts';

/** A base image has no tag and no digest. */
export const untaggedBase: LintRule = {
  name: 'UntaggedBase',
  summary: 'A base image has a tag or a digest.',
  why: 'An image without a tag is `latest`, which is another image tomorrow: the same Dockerfile then makes something else, and nobody sees since when.',
  bad: ['FROM alpine\nRUN true\n', 'FROM alpine AS a\nFROM localhost:5000/base\n'],
  good: ['FROM alpine:3.22\nRUN true\n', 'FROM scratch\n', 'ARG BASE\nFROM $BASE\n', 'FROM alpine:3.22 AS a\nFROM a\n'],
  level: 'warning',
  hadolint: 'DL3006',
  *find({ dockerfile }): Generator<Finding> {
    const stages = new Set<string>();
    for (const { from, name } of dockerfile.stages) {
      const { text, range } = from.image;
      const isStage = text === 'scratch' || stages.has(text.toLowerCase());
      if (!isStage && !text.includes('$') && !/[:@][^/]*$/.test(text)) {
        const hint = `Write a tag that stays the same, as in ${text}:1.2, or pin the digest with \`tsfront lock\`.`;
        yield { instruction: from, range, message: `${text} has no tag, so it is latest`, hint };
      }
      if (name !== '') stages.add(name);
    }
  },
};
