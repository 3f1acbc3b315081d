import { arg, type Stage } from 'tsfront/build';
import type { Service } from './services.ts';

const revision = arg('REVISION', {
  default: 'unknown',
  description: 'Revision of the source, for the label of images',
});

/** What all images have in common: a user without rights, labels, the port. */
export function finish(image: Stage, { name, port }: Service): Stage {
  const finished = image.user('65532').label({
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.revision': revision,
  });
  return port === undefined ? finished : finished.env('PORT', String(port)).expose(port);
}
