import { expect, test } from 'vitest';
import { formatExplanation } from '../../../src/cli/explain-command/explanation.ts';
import type { SettingCause } from '../../../src/explain/cause.ts';
import type { ExplainedStep } from '../../../src/explain/compare-builds.ts';

const step = (line: number, more: Partial<ExplainedStep>): ExplainedStep => ({
  platform: '',
  file: 'Dockerfile',
  line,
  endLine: line,
  text: 'RUN',
  op: `op${line}${more.platform ?? ''}`,
  outcome: 'runs',
  causes: [],
  followsFrom: [],
  ...more,
});

const cause = { kind: 'instruction', name: '', detail: '' } as const;
const dependent = { outcome: 'depends', followsFrom: [2] } as const;

test('after a build, what might follow is said to have run or not', () => {
  const steps = [step(2, { causes: [cause] }), step(4, dependent), step(5, dependent), step(6, dependent)];
  const cached = new Map([
    ['op4', true],
    ['op5', false],
  ]);
  expect(formatExplanation({ version: 1, valuesCompared: true, steps }, cached)).toBe(`Dockerfile:2 RUN
  its text changed
line 5 follows from line 2
line 6 follows from line 2, if what it copies differs
line 4 did not run: what it copies is the same after line 2

2 steps run again, 1 step if the files that they copy from other stages differ; 1 step cached
`);
});

test('settings have names that say what they are', () => {
  const explained = (setting: string, more: Partial<SettingCause> = {}) =>
    formatExplanation({
      version: 1,
      valuesCompared: true,
      steps: [step(2, { causes: [{ kind: 'settings', name: setting, detail: '', setting, ...more }] })],
    });
  expect(explained('settings')).toContain('its settings changed: extra hosts, limits or the like\n');
  expect(explained('destination', { source: 2 })).toContain('its settings changed: destination of its source 2\n');
  expect(explained('user')).toContain('its settings changed: user\n');
});

test('variables that are not named are counted', () => {
  const causes = [{ kind: 'variables', name: '', detail: '1629 more', count: 1629 }] as const;
  expect(formatExplanation({ version: 1, valuesCompared: true, steps: [step(2, { causes })] })).toContain(
    '  and the values of 1,629 more variables\n',
  );
});

test('followers name their platforms where these differ, and stand once where not', () => {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const stepsOf = (platform: string) => [
    step(2, { platform, causes: [cause] }),
    step(3, { platform, followsFrom: [2] }),
    step(4, platform === 'linux/arm64' ? { platform, outcome: 'cached' } : { platform, ...dependent }),
  ];
  const text = formatExplanation({ version: 1, valuesCompared: true, steps: platforms.flatMap(stepsOf) });
  expect(text.match(/^line .*$/gm)).toEqual([
    'line 3 follows from line 2',
    'line 4 (linux/amd64) follows from line 2, if what it copies differs',
  ]);
});

test('base images of one name are told apart by their digests, and others by their names', () => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const explained = (before?: string, now?: string) => {
    const known = before !== undefined && now !== undefined && { before, now };
    const causes = [{ kind: 'base image', name: '', detail: '', ...known }] as const;
    return formatExplanation({ version: 1, valuesCompared: true, steps: [step(2, { causes })] }).split('\n')[1];
  };
  const debian = 'docker.io/library/debian:13';
  expect(explained(`${debian}@${digest('1')}`, `${debian}@${digest('2')}`)).toBe(
    '  the base image is another one: 111111111111 → 222222222222',
  );
  expect(explained(debian, `ghcr.io/a/b:1@${digest('2')}`)).toBe(
    '  the base image is another one: debian:13 → ghcr.io/a/b:1 (222222222222)',
  );
  expect(explained()).toBe('  the base image is another one');
});
