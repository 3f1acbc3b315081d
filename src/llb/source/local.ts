/** Directories of the client. */
import { aString, checkArgument } from '../../text/arguments.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { SourceAttributes, sourceState } from './source.ts';

/** Options of `local`. Patterns are those of a .dockerignore file. */
export interface LocalOptions extends Constraints {
  /** Session that provides the directory; the session of the build if absent. */
  readonly sessionId?: string | undefined;
  /** Overrides the `localUniqueId` of the graph. Ignored if there is a `sessionId`. */
  readonly uniqueId?: string | undefined;
  /** Patterns of paths to transfer; all paths if absent. */
  readonly includePatterns?: readonly string[] | undefined;
  /** Patterns of paths not to transfer; no paths if absent. */
  readonly excludePatterns?: readonly string[] | undefined;
  /** Paths to transfer together with what symbolic links in them point to; all paths if absent. */
  readonly followPaths?: readonly string[] | undefined;
  /** Distinguishes, with the name, the files that the daemon keeps for the next transfer; '' if absent. */
  readonly sharedKeyHint?: string | undefined;
  /**
   * How the daemon finds out which files changed: by their metadata, or not at all (`none` transfers every file).
   * `metadata` if absent. If `required`, a daemon that does not support the choice refuses the graph.
   */
  readonly differ?: { readonly type: 'none' | 'metadata'; readonly required?: boolean } | undefined;
  /** Transfers the metadata of all files, and the content of these paths only; all content if absent. */
  readonly metadataOnly?: readonly string[] | undefined;
}

/**
 * Makes a state of a directory of the client.
 *
 * @param name name under which the client's session provides the directory
 * @example
 * local('context', { excludePatterns: ['node_modules'], followPaths: ['package.json'] });
 */
export function local(name: string, options: LocalOptions = {}): State {
  checkArgument('local', 'name', name, aString);
  checkArgument('local', 'options', options, sourceOptions);
  const attrs = new SourceAttributes(['source.local']);
  attrs.set('local.session', options.sessionId, 'source.local.sessionid');
  attrs.list('local.includepattern', options.includePatterns, 'source.local.includepatterns');
  attrs.list('local.followpaths', options.followPaths, 'source.local.followpaths');
  attrs.list('local.excludepatterns', options.excludePatterns, 'source.local.excludepatterns');
  attrs.set('local.sharedkeyhint', options.sharedKeyHint, 'source.local.sharedkeyhint');
  attrs.set('local.differ', options.differ?.type, options.differ?.required ? 'source.local.differ' : undefined);
  if (options.metadataOnly) {
    attrs.set('local.metadatatransfer', 'true', 'source.local.metadatatransfer');
    attrs.list('local.metadatatransferexclude', options.metadataOnly);
  }
  if (!options.sessionId) attrs.set('local.unique', options.uniqueId, 'source.local.unique');
  return sourceState(`local://${name}`, attrs, options);
}
