/** Tokens and keys that are known by their form alone, wherever they stand. */

/** The form of a token. */
export interface TokenShape {
  /** What it is, in words that follow "a": `GitHub token`. */
  readonly name: string;
  /** Finds it. Group 1, if there is one, stands before the token and is not a part of it. */
  readonly pattern: RegExp;
}

/**
 * The known forms. Each begins with a text that little else begins with, and is long, so that no ordinary text has it.
 */
export const tokenShapes: readonly TokenShape[] = [
  { name: 'GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{20,255}/g },
  { name: 'GitHub token', pattern: /\bgithub_pat_[A-Za-z0-9_]{20,255}/g },
  { name: 'GitLab token', pattern: /\bgl(?:pat|dt|rt|cbt|ptt|oas|soat|ft|imt|agent)-[A-Za-z0-9_.-]{16,255}/g },
  { name: 'npm token', pattern: /\bnpm_[A-Za-z0-9]{30,255}/g },
  { name: 'PyPI token', pattern: /\bpypi-[A-Za-z0-9_-]{32,1024}/g },
  { name: 'RubyGems key', pattern: /\brubygems_[0-9a-f]{32,128}/g },
  { name: 'crates.io token', pattern: /\bcio[A-Za-z0-9]{32}\b/g },
  { name: 'Docker Hub token', pattern: /\bdck[rp]_(?:pat|oat)_[A-Za-z0-9_-]{20,255}/g },
  { name: 'AWS access key', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g },
  { name: 'Google API key', pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'Google OAuth secret', pattern: /\bGOCSPX-[A-Za-z0-9_-]{20,64}/g },
  { name: 'Google access token', pattern: /\bya29\.[A-Za-z0-9_-]{20,1024}/g },
  { name: 'Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g },
  { name: 'Slack token', pattern: /\bxapp-[A-Za-z0-9-]{20,255}/g },
  { name: 'Stripe key', pattern: /\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,255}/g },
  { name: 'SendGrid key', pattern: /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g },
  { name: 'OpenAI or Anthropic key', pattern: /\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,255}/g },
  { name: 'Hugging Face token', pattern: /\bhf_[A-Za-z0-9]{30,128}/g },
  { name: 'DigitalOcean token', pattern: /\bdo[opr]_v1_[0-9a-f]{40,128}/g },
  { name: 'Vault token', pattern: /\bhv[sbr]\.[A-Za-z0-9_-]{20,255}/g },
  { name: 'age key', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{50,64}/g },
  { name: 'JSON web token', pattern: /\beyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,1024}/g },
  {
    name: 'private key',
    pattern: /(-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----)[A-Za-z0-9+/=\s\\]{16,8192}(?=-----END|$)/g,
  },
  {
    name: 'credential in a header',
    pattern:
      /((?:authorization|x-api-key|private-token|job-token)["']?\s{0,8}[:=]\s{0,8}["']?(?:(?:bearer|basic|token)\s{1,8})?)(?!(?:bearer|basic|token)\s)[^\s"'$\\,;]{4,4096}/gi,
  },
];

/** One character for each that is hidden, so that what follows stays in its column. */
export const hiddenLike = (text: string): string => text.replace(/[^\r\n]/g, '•');

/** A quick test: every token has one of these texts, and most texts have none. */
const mayHaveTokens =
  /gh[pousr]_|github_pat_|gl[a-z]{2,5}-|npm_|pypi-|rubygems_|cio[A-Za-z0-9]|dck[rp]_|A[KSBC][ICI]A|AIza|GOCSPX|ya29|xox|xapp-|k_(?:live|test)_|SG\.|sk-|hf_|do[opr]_v1|hv[sbr]\.|AGE-SECRET|eyJ|PRIVATE KEY|authorization|api-key|-token/i;

/** The text with `•` in place of each character of the tokens in it. */
export function hideTokens(text: string): string {
  if (!mayHaveTokens.test(text)) return text;
  let result = text;
  for (const { pattern } of tokenShapes)
    result = result.replace(pattern, (whole: string, before: unknown) => {
      const kept = typeof before === 'string' ? before : '';
      return kept + hiddenLike(whole.slice(kept.length));
    });
  return result;
}
