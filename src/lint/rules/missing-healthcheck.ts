import type { Finding, LintRule } from '../rule.ts';
import { inheritedInstructions } from '../stage-chain.ts';

/** The image has no HEALTHCHECK. */
export const missingHealthcheck: LintRule = {
  name: 'MissingHealthcheck',
  summary: 'The image says how its containers are checked.',
  why: 'With a HEALTHCHECK, Docker and Compose know when a service is ready, and when it hangs. Kubernetes ignores it and has probes of its own, and many images are tools and not services, so the rule is off by default.',
  bad: ['FROM nginx:1.29\nCOPY site /usr/share/nginx/html\n'],
  good: [
    'FROM nginx:1.29\nCOPY site /usr/share/nginx/html\nHEALTHCHECK CMD curl -f http://localhost/\n',
    'FROM nginx:1.29 AS a\nHEALTHCHECK NONE\nFROM a\n',
  ],
  level: 'off',
  hadolint: 'DL3057',
  *find({ stages }): Generator<Finding> {
    const last = stages.at(-1);
    if (!last || inheritedInstructions(last).some(({ kind }) => kind === 'healthcheck')) return;
    yield {
      instruction: last.syntax.from,
      message: 'the image does not say how its containers are checked',
      hint: 'Write HEALTHCHECK CMD with a command that fails if the service does not answer, or HEALTHCHECK NONE.',
    };
  },
};
