import type { RunInstruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Several RUN instructions follow each other. */
export const consecutiveRuns: LintRule = {
  name: 'ConsecutiveRuns',
  summary: 'Steps that belong together are one RUN.',
  why: 'Each RUN makes a layer, which takes time to store and to unpack, and keeps the files that a later RUN removes. Steps that change at the same time can be one RUN: with `&&`, or as a here-document. Separate layers are right where a part changes less often than the rest, so the rule is off by default.',
  bad: ['FROM alpine:3.22\nRUN apk add --no-cache git\nRUN git clone https://example.com/a.git\n'],
  good: [
    'FROM alpine:3.22\nRUN apk add --no-cache git && git clone https://example.com/a.git\n',
    'FROM alpine:3.22\nRUN a\nCOPY b /b\nRUN c\n',
    'FROM alpine:3.22\nRUN --mount=type=cache,target=/x a\nRUN b\n',
  ],
  level: 'off',
  hadolint: 'DL3059',
  options: {
    max: { type: 'number', default: 1, description: 'How many RUN instructions may follow each other.' },
  },
  *find({ stages }, { max }): Generator<Finding> {
    for (const { instructions } of stages) {
      let sequence: RunInstruction[] = [];
      for (const instruction of [...instructions, undefined]) {
        const isNext = instruction?.kind === 'run' && sameFlags(sequence[0] ?? instruction, instruction);
        if (!isNext && sequence.length > Number(max)) {
          const [first, ...rest] = sequence as [RunInstruction, ...RunInstruction[]];
          yield {
            instruction: first,
            range: first.keywordRange,
            message: `${sequence.length} RUN instructions follow each other, and each is a layer`,
            hint: 'Join them with &&, or write one here-document: RUN <<EOF.',
            related: rest.slice(0, 10).map(({ keywordRange: range }) => ({ message: 'a further layer', range })),
          };
        }
        if (!isNext) sequence = [];
        if (instruction?.kind === 'run') sequence.push(instruction);
      }
    }
  },
};

function sameFlags(a: RunInstruction, b: RunInstruction): boolean {
  const text = ({ flags }: RunInstruction) => JSON.stringify(flags.map(({ name, value }) => [name, value]));
  return text(a) === text(b);
}
