import type { UserInstruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';
import { inheritedInstructions } from '../stage-chain.ts';

/** The image runs as root, because the last USER says so. */
export const lastUserRoot: LintRule = {
  name: 'LastUserRoot',
  summary: 'The last USER is not root.',
  why: '`USER root` is written for a step that needs it, and forgotten afterwards. Every container of the image then runs as root, so a mistake in its program is one of root, also in directories of the host that are mounted.\n\nA `USER root` without a RUN below it is meant for the container, and is not reported; nor is a file that mentions a program with which an entrypoint gives up being root (gosu, su-exec, setpriv). An image that others are made from, or whose entrypoint has to be root, is right as it is, so the rule is off by default.',
  bad: [
    'FROM jenkins/jenkins:lts\nUSER root\nRUN apt-get update\n',
    'FROM alpine:3.22\nUSER app\nRUN id\nUSER 0:0\nRUN id\nCMD ["id"]\n',
  ],
  good: [
    'FROM jenkins/jenkins:lts\nUSER root\nRUN apt-get update\nUSER jenkins\n',
    'FROM alpine:3.22\nRUN id\n',
    'FROM alpine:3.22\nUSER $USER\n',
    'FROM alpine:3.22\nUSER root\nCMD ["run"]\n',
    'FROM alpine:3.22\nUSER root\nRUN apk add --no-cache su-exec\n',
    'FROM alpine:3.22 AS build\nUSER root\nFROM scratch\nCOPY --from=build /x /x\nUSER 1000\n',
  ],
  level: 'off',
  hadolint: 'DL3002',
  options: {
    required: {
      type: 'boolean',
      default: false,
      description: 'Whether an image without any USER is reported too. The base may have one.',
    },
  },
  *find({ stages, dockerfile }, { required }): Generator<Finding> {
    const last = stages.at(-1);
    if (!last) return;
    const instructions = inheritedInstructions(last);
    const at = instructions.findLastIndex(({ kind }) => kind === 'user');
    const user = instructions[at] as UserInstruction | undefined;
    const isForStep = instructions.slice(at + 1).some(({ kind }) => kind === 'run');
    if (user && isRoot(user.user)) {
      if (!isForStep || /\b(?:gosu|su-exec|setpriv|s6-setuidgid|runuser)\b/.test(dockerfile.source.text)) return;
      yield {
        instruction: user,
        message: 'containers of this image run as root',
        hint: 'Write USER with another user after the last step that needs root.',
      };
    } else if (!user && required && last.base.kind !== 'scratch') {
      yield {
        instruction: last.syntax.from,
        message: 'this image sets no USER, so its containers run as root unless its base has one',
        hint: 'Write USER with a user that is not root.',
      };
    }
  },
};

function isRoot(user: string): boolean {
  return /^["']?(?:root|0+)(?::|["']?$)/.test(user);
}
