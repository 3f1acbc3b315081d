import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { Instruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';

/** The shapes of credentials that can be told from any other text. */
const shapes: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an access key of AWS', pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g },
  { what: 'a token of GitHub', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b/g },
  { what: 'a token of GitLab', pattern: /\bglpat-[A-Za-z0-9_-]{20,}\b/g },
  { what: 'a token of Slack', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{20,}\b/g },
  {
    what: 'a webhook of Slack',
    pattern: /hooks\.slack\.com\/services\/T[A-Z0-9]{8,}\/B[A-Z0-9]{8,}\/[A-Za-z0-9]{20,}/g,
  },
  { what: 'a token of npm', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { what: 'a token of PyPI', pattern: /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}/g },
  { what: 'a token of Docker Hub', pattern: /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/g },
  { what: 'a key of Google', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g },
  { what: 'a key of Stripe', pattern: /\b[rs]k_live_[A-Za-z0-9]{24,}\b/g },
  { what: 'a key of SendGrid', pattern: /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/g },
  { what: 'a key of Anthropic or OpenAI', pattern: /\bsk-(?:ant-api\d\d|proj)-[A-Za-z0-9_-]{40,}/g },
  { what: 'a token of Hugging Face', pattern: /\bhf_[A-Za-z]{34}\b/g },
  {
    what: 'a JSON Web Token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/g,
  },
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/g },
  // The password of an address: without variables, and not one of the words that stand for it in examples.
  {
    what: 'a password',
    pattern:
      /(?<=\bhttps?:\/\/[\w.%+-]*:)(?!(?:x-oauth-basic|password|passwd|pass|secret|token|pwd)@)[^\s/@:$<>{}"'*]{6,}(?=@[\w-]+\.[\w.-]+)/gi,
  },
];

/** Something of each shape: most instructions have none. */
const mayHaveSecret =
  /A(?:KIA|SIA|Iza)|gh[pousr]_|github_pat_|glpat-|xox|slack|npm_|pypi-|dckr_|_live_|SG\.|sk-|hf_|eyJ|KEY-----|:\/\/[^\s/]*@/i;

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
      for (const { what, range } of findIn(text, instruction)) {
        yield {
          instruction,
          range,
          message: `${what} is written here, where everybody with the image or this file can read it`,
          hint: 'Revoke it, and give the new one to the step that needs it: RUN --mount=type=secret,id=NAME,env=NAME.',
        };
      }
    }
  },
};

function* findIn(
  text: string,
  { range: { start, end } }: Instruction,
): Generator<{ readonly what: string; readonly range: SourceRange }> {
  const part = text.slice(start, end);
  if (part.length < 20 || !mayHaveSecret.test(part)) return;
  for (const { what, pattern } of shapes) {
    for (const match of part.matchAll(pattern)) {
      if (/EXAMPLE|(.)\1{7}/i.test(match[0])) continue;
      yield { what, range: { start: start + match.index, end: start + match.index + match[0].length } };
    }
  }
}
