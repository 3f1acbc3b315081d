/** Keeps the values of secrets out of what the editor shows. */
import { type HideSecrets, hideSecretsOf } from '../text/hide-secrets.ts';
import { redactCredentials } from '../text/redact.ts';
import type { OpenDocument } from './documents.ts';
import type { DocumentSession } from './session.ts';
import type { SymbolDefinition } from './symbols.ts';

/** A shorter value is likely to occur in ordinary text too. */
const minLength = 4;

const known = new WeakMap<OpenDocument, HideSecrets>();

/** A text without credentials in addresses, tokens, and values of variables that look like secrets. */
export function withoutSecrets(text: string, session: DocumentSession): string {
  let hide = known.get(session.document);
  if (!hide) known.set(session.document, (hide = hiding(session)));
  return hide(text);
}

function hiding({ document, settings, symbols }: DocumentSession): HideSecrets {
  const hide = hideSecretsOf([document.text], Object.entries(settings.buildArgs));
  const values = new Set<string>();
  for (const { isSecret, value } of symbols.definitions)
    if (isSecret && value !== undefined && value.length >= minLength) values.add(value);
  return (text) => {
    let shown = redactCredentials(hide(text));
    for (const value of values) shown = shown.replaceAll(value, '***');
    return shown;
  };
}

/** The value of a variable for people; undefined if it has none. */
export function shownValue({ isSecret, value }: SymbolDefinition): string | undefined {
  if (value === undefined) return undefined;
  return isSecret ? '***' : redactCredentials(value);
}
