/**
 * Addresses without their credentials. Everything that prints or records an address (errors, labels, provenance,
 * progress) passes it through here.
 */

/** A scheme, and the authority up to the last `@` in front of a blank: passwords may hold `@`, `/` and `:` unescaped. */
const authority = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s"'`<>]*@)/gi;

/**
 * The text with `xxxxx` in place of the credentials of each address in it, as BuildKit prints them: a user name with a
 * password keeps the name (`https://user:xxxxx@host`), one without a password may be a token and goes too
 * (`https://xxxxx@host`); the user of `ssh://git@host` stays, since SSH has no passwords there.
 */
export function redactCredentials(text: string): string {
  return text.replace(authority, (_whole, scheme: string, userInfo: string) => {
    const colon = userInfo.indexOf(':');
    if (colon >= 0) return `${scheme}${userInfo.slice(0, colon)}:xxxxx@`;
    return /^(ssh|git\+ssh|git)$/i.test(scheme.slice(0, -3)) ? scheme + userInfo : `${scheme}xxxxx@`;
  });
}
