import { isAbs } from '../../go/path.ts';
import type { LintStage } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';

/** COPY has a relative destination, and the stage sets no WORKDIR. */
export const copyWithoutWorkdir: LintRule = {
  name: 'CopyWithoutWorkdir',
  summary: 'A relative destination has a WORKDIR.',
  why: 'A relative destination is in the working directory of the base image: mostly `/`, where `COPY . .` mixes the project with the system. Another version of the base may have another one. The base may well set the right directory, so the rule is off by default.',
  bad: ['FROM node:24\nCOPY . .\n', 'FROM alpine:3.22 AS a\nFROM a\nADD a b/\n'],
  good: [
    'FROM node:24\nWORKDIR /app\nCOPY . .\n',
    'FROM node:24\nCOPY . /app\n',
    'FROM node:24 AS a\nWORKDIR /app\nFROM a\nCOPY . .\n',
    'FROM node:24\nARG DIR\nCOPY . $DIR\n',
  ],
  level: 'off',
  hadolint: 'DL3045',
  *find({ stages }): Generator<Finding> {
    const haveWorkdir = new Set<LintStage>();
    for (const stage of stages) {
      let isSet = stage.base.kind === 'unknown' || (stage.base.kind === 'stage' && haveWorkdir.has(stage.base.stage));
      for (const instruction of stage.instructions) {
        if (instruction.kind === 'workdir') isSet = true;
        if (isSet || (instruction.kind !== 'copy' && instruction.kind !== 'add')) continue;
        const { text, range } = instruction.dest;
        const path = text.replace(/^["']/, '');
        if (isAbs(path) || /^(?:\$|[A-Za-z]:|\\)/.test(path)) continue;
        yield {
          instruction,
          range,
          message: `${text} is in the working directory of the base image, which this file does not set`,
          hint: 'Write WORKDIR above it, or an absolute destination.',
        };
      }
      if (isSet) haveWorkdir.add(stage);
    }
  },
};
