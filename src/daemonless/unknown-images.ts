/** Base images that are not known offline: commands for which they hardly matter go on without them. */
import type { ImageResolver } from '../resolve/resolver.ts';
import { formatInteger } from '../text/number.ts';
import type { DaemonlessOptions } from './daemonless-bridge.ts';

/** Resolves unknown images to empty ones without a digest. */
export function withUnknownImages<Options extends DaemonlessOptions>(options: Options): Options {
  const empty: ImageResolver = {
    async resolve(_reference, platform) {
      const { os = 'linux', architecture = 'amd64' } = platform ?? {};
      const rootfs = { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] };
      return {
        unknown: true,
        digest: '',
        config: new TextEncoder().encode(JSON.stringify({ os, architecture, rootfs })),
      };
    },
  };
  return { ...options, images: [...options.images, empty] };
}

/** Says what is not known of the images. */
export function unknownImagesNote(unknown: ReadonlySet<string>): string {
  return `what ${listed(unknown)} ${unknown.size === 1 ? 'sets' : 'set'} is not known`;
}

const maxNames = 20;

/** The first names, and how many there are besides. */
function listed(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, maxNames);
  const rest = names.size - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${formatInteger(rest)} more` : shown.join(', ');
}
