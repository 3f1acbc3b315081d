import type { Finding, LintRule } from '../rule.ts';

/** A base image has the tag `latest`. */
export const latestBase: LintRule = {
  name: 'LatestBase',
  summary: 'A base image has a tag other than latest.',
  why: '`latest` moves: the same Dockerfile makes another image tomorrow, and a build that fails then has no change that explains it.',
  bad: ['FROM node:latest\n', 'ARG TAG=latest\nFROM node:$TAG\n'],
  good: [
    'FROM node:24\n',
    'FROM node:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n',
    'ARG TAG\nFROM node:$TAG\n',
  ],
  level: 'warning',
  hadolint: 'DL3007',
  *find({ stages }): Generator<Finding> {
    for (const { base, syntax } of stages) {
      if (base.kind !== 'image' || !base.name?.endsWith(':latest')) continue;
      const { from } = syntax;
      const name = base.name.slice(0, -':latest'.length);
      yield {
        instruction: from,
        range: from.image.range,
        message: `${base.name} is another image whenever a new one is published`,
        hint: `Write a tag that stays the same, as in ${name}:1.2, or pin the digest with \`tsfront lock\`.`,
      };
    }
  },
};
