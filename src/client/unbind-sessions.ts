/**
 * Removes session IDs from compiled definitions. They name the session of the compilation, which does not send the
 * directories of this build.
 */
import { OpSchema } from '../gen/pb/ops_schemas.ts';
import { digestOf } from '../image/digest.ts';
import { Definition } from '../llb/definition.ts';
import { encode } from '../protobuf/encode.ts';
import { createId } from './create-id.ts';

/**
 * The same graph with local sources that belong to no session: each build of it takes the directories of its own. A
 * daemon looks for a session that is named, for 5 s, before it asks the build's. Opening a session of that name instead
 * would mix up builds that run at once.
 *
 * What is downstream of a local source gets other digests, as it does from build to build with the frontend; the cache
 * goes by contents. A definition without such sources is returned as it is.
 *
 * @param unique tells the sources of this build from those of others: without it, builds of other directories at the
 * same time would share these ops
 */
export function unbindSessions(definition: Definition, unique: string = createId()): Definition {
  const renamed = new Map<string, string>();
  const def: Uint8Array[] = [];
  for (const [position, { digest, op }] of definition.ops().entries()) {
    let changed = false;
    if (op.op.case === 'source' && 'local.session' in op.op.value.attrs) {
      delete op.op.value.attrs['local.session'];
      op.op.value.attrs['local.unique'] = unique;
      changed = true;
    }
    for (const input of op.inputs) {
      const now = renamed.get(input.digest);
      if (now === undefined) continue;
      input.digest = now;
      changed = true;
    }
    const bytes = changed ? encode(OpSchema, op) : definition.def[position]!;
    if (changed) renamed.set(digest, digestOf(bytes));
    def.push(bytes);
  }
  if (renamed.size === 0) return definition;
  const rename = <T>(entries: Iterable<[string, T]>) =>
    Array.from(entries, ([digest, value]): [string, T] => [renamed.get(digest) ?? digest, value]);
  const metadata = new Map(rename(definition.metadata));
  const source = definition.source && {
    ...definition.source,
    locations: Object.fromEntries(rename(Object.entries(definition.source.locations))),
  };
  return new Definition(def, metadata, source);
}
