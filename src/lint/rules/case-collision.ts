import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { Instruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Two variables have names that differ only in case. */
export const caseCollision: LintRule = {
  name: 'CaseCollision',
  summary: 'Names of variables differ in more than case.',
  why: 'Names of variables are case-sensitive, and `$version` is not `$VERSION`. Two that differ only in case are mostly one that is misspelt: the other one then keeps its old value. Proxies are an exception, since programs ask for both forms (`http_proxy`, `HTTP_PROXY`).',
  bad: ['FROM alpine:3.22\nARG Version=1\nENV VERSION=2\n', 'FROM alpine:3.22\nENV App_Home=/a\nENV APP_HOME=/b\n'],
  good: [
    'FROM alpine:3.22\nARG VERSION=1\nENV VERSION=2\n',
    'FROM alpine:3.22\nENV http_proxy=a HTTP_PROXY=a\n',
    'FROM alpine:3.22 AS a\nENV x=1\nFROM alpine:3.22\nENV X=1\n',
    'FROM alpine:3.22\nARG version=1\nENV VERSION=$version\n',
  ],
  level: 'warning',
  *find({ stages }): Generator<Finding> {
    for (const { instructions } of stages) {
      const names = new Map<string, { readonly name: string; readonly range: SourceRange }>();
      for (const instruction of instructions) {
        for (const { key, value, range } of definitions(instruction)) {
          const lower = key.toLowerCase();
          const other = names.get(lower);
          const place = { start: range.start, end: range.start + key.length };
          if (!other) names.set(lower, { name: key, range: place });
          // ENV VERSION=$version gives an argument to containers under another name.
          else if (other.name !== key && !/_proxy$/.test(lower) && !value?.includes(other.name))
            yield {
              instruction,
              range: place,
              message: `${key} is another variable than ${other.name}, and differs only in case`,
              hint: `Write ${other.name} if it is the same, or another name.`,
              related: [{ message: 'the other one', range: other.range }],
            };
        }
      }
    }
  },
};

function definitions(
  instruction: Instruction,
): readonly { readonly key: string; readonly value: string | undefined; readonly range: SourceRange }[] {
  if (instruction.kind === 'arg') return instruction.args;
  return instruction.kind === 'env' ? instruction.pairs : [];
}
