import { describe, expect, test } from 'vitest';
import { readMessage } from '../../src/program/messages.ts';

const place = { module: 'build.ts', line: 1, column: 1 };
const instruction = {
  name: 'run',
  code: 'RUN a',
  flags: [['network', 'none'], ['link']],
  words: ['a'],
  places: [place],
};
const stage = { name: 'a', base: 'scratch', platform: '', places: [], instructions: [instruction] };
const graph = { stages: [stage], target: 'a', sources: {} };
const result = {
  type: 'result',
  graph,
  targets: [{ name: 'a', exported: 'a', isDefault: true, stage: 'a' }],
  arguments: [],
  failures: [],
};
const question = { type: 'question', id: 1, question: { ask: 'read', context: '', path: 'a' } };

test.each([
  [result],
  [{ ...result, targets: [{ name: 'a', exported: 'default', isDefault: false }] }],
  [{ ...result, arguments: [{ name: 'A', value: '', description: '', places: [place] }] }],
  [{ ...result, failures: [{ message: 'x', places: [place] }], hint: 'y' }],
  [{ ...result, graph: { ...graph, sources: { s: { kind: 'merge', stages: ['a'] } } } }],
  [{ ...result, graph: { ...graph, sources: { s: { kind: 'diff', lower: 'a', upper: 'b' } } } }],
  [{ ...result, graph: { ...graph, sources: { s: { kind: 'definition', definition: '', config: null } } } }],
  [
    {
      ...result,
      graph: { ...graph, sources: { s: { kind: 'dockerfile', path: '', target: '', args: { A: 'b' }, places: [] } } },
    },
  ],
  [question],
  [{ ...question, question: { ask: 'glob', context: 'x', patterns: ['*'] } }],
  [{ ...question, question: { ask: 'config', graph } }],
  [{ ...question, question: { ask: 'definition', graph } }],
  [{ type: 'log', text: 'x', places: [] }],
  [{ type: 'failed', message: 'x', places: [] }],
  [{ type: 'failed', message: 'x', hint: 'y', places: [place] }],
])('the message is read: %j', (message) => {
  expect(readMessage(JSON.stringify(message))).toEqual(message);
});

const withInstruction = (change: object) => ({
  ...result,
  graph: { ...graph, stages: [{ ...stage, instructions: [{ ...instruction, ...change }] }] },
});

describe('what is not a message is an error', () => {
  test.each([
    '',
    '{',
    'null',
    '[]',
    '3',
    '"result"',
    '{}',
    '{"type":3}',
    '{"type":"toString"}',
    '{"type":"constructor"}',
  ])('the text %s is refused', (json) => {
    expect(() => readMessage(json)).toThrow('sends what it should not');
  });

  test.each([
    [{ ...result, graph: undefined }],
    [{ ...result, graph: { ...graph, stages: {} } }],
    [{ ...result, graph: { ...graph, stages: [null] } }],
    [{ ...result, graph: { ...graph, target: null } }],
    [{ ...result, graph: { ...graph, sources: [] } }],
    [{ ...result, graph: { ...graph, sources: { s: { kind: 'other' } } } }],
    [{ ...result, graph: { ...graph, sources: { s: { kind: 'merge', stages: [1] } } } }],
    [
      {
        ...result,
        graph: { ...graph, sources: { s: { kind: 'dockerfile', path: '', target: '', args: { A: 1 }, places: [] } } },
      },
    ],
    [{ ...result, targets: ['a'] }],
    [{ ...result, arguments: [{ name: 'A' }] }],
    [{ ...question, id: -1 }],
    [{ ...question, id: 1.5 }],
    [{ ...question, id: '1' }],
    [{ ...question, question: { ask: 'write', context: '', path: 'a' } }],
    [{ ...question, question: { ask: 'read', context: '' } }],
    [{ ...question, question: { ask: 'glob', context: '', patterns: '*' } }],
    [{ type: 'log', text: {}, places: [] }],
    [{ type: 'log', text: '', places: [{ ...place, line: -1 }] }],
    [{ type: 'log', text: '', places: [{ ...place, module: 1 }] }],
    [{ type: 'failed', message: 'x' }],
    [withInstruction({ name: 1 })],
    [withInstruction({ name: 'from' })],
    [withInstruction({ name: 'include' })],
    [withInstruction({ name: 'constructor' })],
    [withInstruction({ flags: [[]] })],
    [withInstruction({ flags: [['a', 'b', 'c']] })],
    [withInstruction({ flags: [['a', 1]] })],
    [withInstruction({ words: [1] })],
    [withInstruction({ words: undefined })],
    [withInstruction({ pairs: [['a', null]] })],
    [withInstruction({ isJson: 1 })],
    [withInstruction({ heredocs: [{ name: 'a', content: 'b' }] })],
    [withInstruction({ words: ['\udc80'] })],
  ])('the message %j is refused', (message) => {
    expect(() => readMessage(JSON.stringify(message))).toThrow('sends what it should not');
  });
});
