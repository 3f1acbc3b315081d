/** `--allow`: what a build may do beyond the usual. */
import { splitAtFirst } from '../../go/split-at-first.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { BuildFlags } from './declare-build.ts';

/**
 * Entitlement of buildx: allows `mode=delete` of a local output outside of the current directory. It is not sent to the
 * daemon.
 */
const localDelete = 'buildx.local.delete';
const knownEntitlements = ['network.host', 'security.insecure', 'device', localDelete];

type AllowFlags = Pick<BuildFlags, 'allow' | 'allowUnknown'>;

/** The entitlements that the build requests. @throws UsageError for unknown ones */
export function entitlements(flags: AllowFlags & Pick<BuildFlags, 'network'>): string[] {
  const wanted: string[] = [];
  for (const entitlement of flags.allow.filter((it) => it !== '')) {
    const [name, value] = splitAtFirst(entitlement, '=');
    if (!knownEntitlements.includes(name) && !flags.allowUnknown)
      throw new UsageError(
        `--allow: unknown entitlement ${JSON.stringify(name)}${didYouMean(name, knownEntitlements, false)}: known are ${knownEntitlements.join(', ')}`,
      );
    if (value !== undefined && knownEntitlements.includes(name) && name !== 'device')
      throw new UsageError(`--allow: ${name} does not accept a value`);
    if (name !== localDelete) wanted.push(entitlement);
  }
  if (flags.network === 'host' && !wanted.includes('network.host')) wanted.push('network.host');
  return wanted;
}

/** Whether local outputs may delete files outside of the current directory. */
export function isLocalDeleteAllowed({ allow }: AllowFlags): boolean {
  return allow.includes(localDelete);
}
