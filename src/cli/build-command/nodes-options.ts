/** A build on several daemons. */
import type { BuildNode, NodesOptions, SolveOptions } from '../../client/index.ts';
import { isTrue } from '../../go/strconv.ts';
import { dockerCredentials } from '../../registry/docker-config.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { requestedPlatforms } from '../options/platform-option.ts';

/**
 * Makes the options for a build on several daemons, whose results can only be joined in a registry. @throws UsageError
 * for other outputs
 */
export function toNodesOptions(
  options: SolveOptions,
  flags: BuildFlags,
  nodes: readonly BuildNode[],
  env: Io['env'],
): NodesOptions {
  const [image, ...others] = options.exports ?? [];
  if (image?.type !== 'image' || !isTrue(image.attrs?.['push']) || others.length > 0)
    throw new UsageError(
      'a build on several builders has to be pushed, and can have no other --output: use --push alone',
    );
  if (flags.tag.length === 0) throw new UsageError('a build on several builders needs a tag: --tag');
  const platforms = [...new Set(requestedPlatforms(flags.platform, env))];
  const all = nodes.flatMap((node) => node.platforms);
  const { exports: _, attachables = [], ...rest } = options;
  if (attachables.length > 0) throw new UsageError('an archive on standard input can go to one builder only');
  // Annotations of the index, which the nodes do not write.
  const attrs = Object.entries(image.attrs ?? {});
  const prefix = 'annotation-index.';
  const ofIndex = attrs
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  return {
    ...rest,
    platforms: platforms.length > 0 ? platforms : all,
    names: flags.tag,
    imageAttrs: Object.fromEntries(attrs.filter(([key]) => !key.startsWith(prefix))),
    join: {
      ...(ofIndex.length > 0 && { annotations: Object.fromEntries(ofIndex) }),
      credentials: dockerCredentials(undefined, rest.onWarning),
    },
  };
}
