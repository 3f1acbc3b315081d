import type { Finding, LintRule } from '../rule.ts';

/** A base image comes from a registry that is not allowed. */
export const foreignRegistry: LintRule = {
  name: 'ForeignRegistry',
  summary: 'Base images come from the registries that are allowed.',
  why: 'A team may have decided which registries it trusts. The option `registries` names them; without it the rule finds nothing.',
  bad: ['FROM ghcr.io/owner/name:1\n', 'FROM alpine:3.22\n'],
  good: ['FROM registry.example.com/alpine:3.22\n', 'FROM registry.example.com/a:1 AS a\nFROM a\n', 'FROM scratch\n'],
  level: 'warning',
  hadolint: 'DL3026',
  options: {
    registries: {
      type: 'strings',
      default: [],
      description:
        'The registries: `docker.io`, `registry.example.com:5000`, or `*.example.com` for all hosts of a domain.',
    },
  },
  exampleOptions: { registries: ['registry.example.com'] },
  *find({ stages }, { registries }): Generator<Finding> {
    const allowed = registries as readonly string[];
    if (allowed.length === 0) return;
    for (const { base, syntax } of stages) {
      if (base.kind !== 'image' || base.name === undefined) continue;
      const registry = registryOf(base.name);
      if (allowed.some((it) => it === registry || (it.startsWith('*.') && registry.endsWith(it.slice(1))))) continue;
      yield {
        instruction: syntax.from,
        range: syntax.from.image.range,
        message: `${base.name} comes from ${registry}, which is not one of the registries that are allowed`,
        hint: `Take it from ${allowed.join(' or ')}.`,
      };
    }
  },
};

function registryOf(image: string): string {
  const first = /^([^/]+)\//.exec(image)?.[1] ?? '';
  return /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}
