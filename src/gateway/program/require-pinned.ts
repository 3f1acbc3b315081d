/**
 * States of `tsfront/llb` in a build program name their sources themselves. No lock can pin them, but a frozen build
 * can refuse those that are not pinned.
 */
import { diagnosticError } from '../../diagnostic/diagnostic.ts';
import type { SourceOp } from '../../gen/pb/ops_pb.ts';
import type { Definition } from '../../llb/definition.ts';
import { isCommit } from '../../lock/source-name.ts';
import { redactCredentials } from '../../text/redact.ts';

/**
 * @param own the digests of ops that are not the program's: those of the main context
 * @throws DiagnosticError `unlocked-source` for a source that may be another one tomorrow
 */
export function requirePinned(definition: Definition, own: ReadonlySet<string>): void {
  for (const { digest, op } of definition.ops()) {
    if (op.op.case !== 'source' || own.has(digest) || isPinned(op.op.value)) continue;
    const name = redactCredentials(op.op.value.identifier);
    throw diagnosticError('unlocked-source', `${name} is not locked: the program makes this source itself`, {
      hint: 'Name its digest, checksum or commit in the program, or build with TSFRONT_LOCK=use.',
    });
  }
}

function isPinned({ identifier, attrs }: Pick<SourceOp, 'identifier' | 'attrs'>): boolean {
  if (identifier.startsWith('docker-image://')) return identifier.includes('@');
  if (/^https?:/.test(identifier)) return Boolean(attrs['http.checksum']);
  if (!identifier.startsWith('git://')) return true; // local, or with a digest
  return Boolean(attrs['git.checksum']) || isCommit(/#([^:]*)/.exec(identifier)?.[1] ?? '');
}
