import { expect, test } from 'vitest';
import { explainOps, formatExplanation } from '../../../src/cli/explain-command/explanation.ts';
import type { SettingCause } from '../../../src/explain/cause.ts';
import type { ExplainedStep, Explanation } from '../../../src/explain/compare-builds.ts';

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
    ['op2', false],
    ['op4', true],
    ['op5', false],
  ]);
  expect(formatExplanation({ version: 1, valuesCompared: true, steps }, cached)).toBe(`Dockerfile:2 RUN
  its text changed
line 5 follows from line 2
line 6 follows from line 2, if what it copies differs
line 4 did not run: what it copies is the same after line 2

2 steps ran, 1 step was not reached; 1 step cached
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

test('after a build, what the daemon did otherwise is said, and counted as it was', () => {
  const explained = (steps: readonly ExplainedStep[], ran: boolean) =>
    formatExplanation({ version: 1, valuesCompared: true, steps }, new Map(steps.map(({ op }) => [op, !ran])));
  const same = [step(2, { outcome: 'cached' }), step(3, { outcome: 'cached' })];
  expect(explained(same, false)).toBe('nothing ran again: 2 steps cached\n');
  expect(
    explained(same, true),
  ).toBe(`lines 2, 3 ran though nothing changed: the cache was pruned, is another builder's, or was not to be used

2 steps ran; 0 steps cached
`);
  expect(explained([step(2, { causes: [cause] }), step(3, { followsFrom: [2] })], false)).toBe(`Dockerfile:2 RUN
  its text changed
line 3 follows from line 2
lines 2, 3 did not run: the cache has the result of another build

0 steps ran; 2 steps cached
`);
});

test('a cause is shown at the first step that has it, and what has it after that follows', () => {
  const variable = {
    kind: 'variable',
    name: 'A',
    detail: 'Dockerfile:2',
    origin: { file: 'Dockerfile', line: 2 },
  } as const;
  const origin = { file: 'Dockerfile', line: 6 };
  const directory = {
    kind: 'settings',
    name: 'destination',
    detail: 'Dockerfile:6',
    setting: 'destination',
    origin,
  } as const;
  const hereDocument = { kind: 'settings', name: 'here-document', detail: '', setting: 'here-document' } as const;
  const steps = [
    step(3, { causes: [variable] }),
    step(4, { causes: [variable], followsFrom: [3] }),
    step(5, { causes: [variable, hereDocument], followsFrom: [3, 4] }),
    step(6, { text: 'WORKDIR', causes: [cause], followsFrom: [3, 4, 5] }),
    step(7, { text: 'COPY a b', causes: [directory], followsFrom: [3, 4, 5, 6] }),
    step(8, { causes: [variable, hereDocument], followsFrom: [4, 5, 6, 7] }),
  ];
  const explanation: Explanation = { version: 1, valuesCompared: true, steps };
  expect(formatExplanation(explanation)).toBe(`Dockerfile:3 RUN
  the value of A changed (Dockerfile:2)
Dockerfile:5 RUN
  its settings changed: here-document
  and it follows from line 3
Dockerfile:6 WORKDIR
  its text changed
  and it follows from lines 3, 5
Dockerfile:8 RUN
  its settings changed: here-document
  and it follows from lines 3, 5, 6
line 4 follows from line 3
line 7 follows from lines 3, 5, 6

6 steps run again; 0 steps cached
`);
  expect([...explainOps(explanation).values()].map(({ change }) => change)).toEqual([
    'cause',
    'follows',
    'cause',
    'cause',
    'follows',
    'cause',
  ]);
});

test('a cause is shown once, however many steps have it', () => {
  const variable = {
    kind: 'variable',
    name: 'A',
    detail: 'Dockerfile:2',
    origin: { file: 'Dockerfile', line: 2 },
  } as const;
  const steps = Array.from({ length: 100 }, (_, i) => {
    const nearest = Array.from({ length: Math.min(i, 20) }, (_, j) => 3 + i - Math.min(i, 20) + j);
    return step(3 + i, { causes: [variable], followsFrom: nearest });
  });
  const [, shown, followers] = formatExplanation({ version: 1, valuesCompared: true, steps }).split('\n');
  expect(shown).toBe('  the value of A changed (Dockerfile:2)');
  expect(followers).toMatch(/^lines 4, .*, 102 follow from line 3$/);
});

test('steps are shown in the order of their lines', () => {
  const steps = [step(9, { causes: [cause] }), step(2, { causes: [cause] })];
  expect(formatExplanation({ version: 1, valuesCompared: true, steps }).match(/^Dockerfile:\d+/gm)).toEqual([
    'Dockerfile:2',
    'Dockerfile:9',
  ]);
});
