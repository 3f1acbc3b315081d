import { expect, test } from 'vitest';
import { isEqualFrontend, runsProgramsAlike } from '../../src/gateway/equal-frontends.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  'docker/dockerfile',
  'docker/dockerfile:1',
  'docker/dockerfile:1.0',
  'docker/dockerfile:1.4.3',
  'docker/dockerfile:1.26',
  'docker/dockerfile:1.26.9',
  'docker/dockerfile:labs',
  'docker/dockerfile:1-labs',
  'docker/dockerfile:1.7-labs',
  'docker/dockerfile:1.7.1-labs',
  'docker/dockerfile:experimental',
  'docker/dockerfile:1.0-experimental',
  'docker/dockerfile:1.2.1-rc1-labs',
  'docker/dockerfile:latest',
  'docker.io/docker/dockerfile:1',
  'index.docker.io/docker/dockerfile:1',
  'docker/dockerfile-upstream:1.7.0-rc2',
])('%s is read here', (source) => expect(isEqualFrontend(source)).toBe(true));

test.each([
  'docker/dockerfile:1.27',
  'docker/dockerfile:1.27.0-labs',
  'docker/dockerfile:1.100',
  'docker/dockerfile:2',
  'docker/dockerfile:0.9',
  'docker/dockerfile:1-other',
  'docker/dockerfile-upstream:master',
  'docker/dockerfile-upstream:master-labs',
  `docker/dockerfile:1@${digest}`,
  `docker/dockerfile@${digest}`,
  'docker/dockerfile1',
  'dockerfile',
  'example.com/docker/dockerfile:1',
  'localhost:5000/docker/dockerfile:1',
  'tonistiigi/dockerfile:1',
  'Docker/Dockerfile:1',
  '',
])('%j does not stand for this frontend', (source) => expect(isEqualFrontend(source)).toBe(false));

test.each(['ghcr.io/org/tsfront', 'ghcr.io/org/tsfront:latest', 'localhost:5000/mirror/tsfront'])(
  'a program that names %s is run here',
  (source) => expect(runsProgramsAlike(source)).toBe(true),
);

test.each([
  'ghcr.io/org/tsfront:0.1',
  `ghcr.io/org/tsfront@${digest}`,
  'docker/dockerfile:1',
  'ghcr.io/org/other',
  'Ghcr.io/Org/tsfront',
  '',
])('a program that names %j is not run here', (source) => expect(runsProgramsAlike(source)).toBe(false));
