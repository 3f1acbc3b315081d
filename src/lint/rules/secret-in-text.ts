import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { Instruction } from '../../parser/ast.ts';
import { hideTokens, type TokenShape, tokenShapes } from '../../text/token-shapes.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Shapes of tokens that need more than their form to be certain, or that have no value for others. */
const notCertain = /^(?:private key|credential in a header)$/;

/** The shapes of credentials that can be told from any other text. */
const shapes: readonly TokenShape[] = [
  ...tokenShapes.filter(({ name }) => !notCertain.test(name)),
  { name: 'private key', pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/g },
  // The password of an address: without variables, and not one of the words that stand for it in examples.
  {
    name: 'password',
    pattern:
      /(https?:\/\/[\w.%+-]*:)(?!(?:x-oauth-basic|password|passwd|pass|secret|token|pwd)@)[^\s/@:$<>{}"'*•]{6,256}(?=@[\w-]+\.[\w.-]+)/gi,
  },
];

/** Whether a text may have one: most instructions have none. */
function mayHaveSecret(text: string): boolean {
  return hideTokens(text) !== text || /PRIVATE KEY-----|:\/\/[^\s/]*@/.test(text);
}

/** A credential is written into the Dockerfile. */
export const secretInText: LintRule = {
  name: 'SecretInText',
  summary: 'A Dockerfile has no passwords, keys and tokens.',
  why: "Whoever can read the Dockerfile or pull the image has the credential: the texts of instructions are in the history of the image, and a later layer does not remove what an earlier one has. This rule knows the shapes of tokens, and looks at all instructions and their here-documents. BuildKit's rule SecretsUsedInArgOrEnv looks at the names of variables.\n\nThe credential has to be replaced where it was issued. Then give its successor to the one step that needs it, with `RUN --mount=type=secret`.",
  bad: [
    // The token is in two pieces, so that scanners do not take this file for a leak.
    `FROM alpine:3.22\nENV TOKEN=${'ghp_'}0123456789abcdefghijABCDEFGHIJ012345\n`,
    `FROM alpine:3.22\nRUN wget https://deploy:${'hunter-2-hunter'}@example.com/x\n`,
    `FROM alpine:3.22\nCOPY <<EOF /key\n-----BEGIN ${'PRIVATE'} KEY-----\nEOF\n`,
  ],
  good: [
    'FROM alpine:3.22\nRUN --mount=type=secret,id=token,env=TOKEN ./fetch\n',
    'FROM alpine:3.22\nRUN wget https://deploy:$PASSWORD@example.com/x https://user:password@example.com\n',
    `FROM alpine:3.22\nENV KEY=${'AKIA'}IOSFODNN7EXAMPLE\n`,
  ],
  level: 'error',
  *find({ dockerfile }): Generator<Finding> {
    const { text } = dockerfile.source;
    for (const instruction of dockerfile.instructions) {
      for (const { name, range } of findIn(text, instruction)) {
        yield {
          instruction,
          range,
          message: `${/^(?:[aeiou]|npm)/i.test(name) ? 'an' : 'a'} ${name} is written here, where everybody with the image or this file can read it`,
          hint: 'Revoke it, and give the new one to the step that needs it: RUN --mount=type=secret,id=NAME,env=NAME.',
        };
      }
    }
  },
};

function* findIn(
  text: string,
  { range: { start, end } }: Instruction,
): Generator<{ readonly name: string; readonly range: SourceRange }> {
  const part = text.slice(start, end);
  if (part.length < 20 || !mayHaveSecret(part)) return;
  for (const { name, pattern } of shapes) {
    for (const match of part.matchAll(pattern)) {
      const [whole, before = ''] = match;
      const secret = whole.slice(before.length);
      if (!isReal(secret)) continue;
      const at = start + match.index + before.length;
      yield { name, range: { start: at, end: at + secret.length } };
    }
  }
}

/** Whether a text is not an example or a name that happens to have the form: tokens have digits. */
function isReal(secret: string): boolean {
  return /PRIVATE KEY/.test(secret) || (!/EXAMPLE|(.)\1{7}|_test_/i.test(secret) && /\d/.test(secret));
}
