/** Hints for errors that an option of the command line would solve. */

/** The hint; undefined for other errors. */
export function lackingHint(message: string): string | undefined {
  const key = /(?:unset ssh forward key |no SSH key ")([^\s"]*)/.exec(message)?.[1];
  if (key === '' || key === 'default')
    return '--ssh default offers the SSH agent of SSH_AUTH_SOCK, --ssh default=FILE a key.';
  if (key !== undefined) return `--ssh ${key}=PATH offers the socket of an SSH agent, or a key.`;
  const secret = /secret (\S+): not found$/.exec(message)?.[1];
  if (secret !== undefined) return `--secret id=${secret},src=FILE gives it, or env=VARIABLE in place of src.`;
  const entitlement = /\b(security\.insecure|network\.host) is not allowed$/.exec(message)?.[1];
  if (entitlement !== undefined) return `--allow ${entitlement} allows it, where the daemon's configuration does too.`;
  return undefined;
}
