import { go } from './go.ts';
import { node } from './node.ts';
import { python } from './python.ts';
import type { Language, Service } from './services.ts';

/** How the services are built, by their language. */
export const languages: Readonly<Record<Service['language'], Language>> = { go, node, python };
