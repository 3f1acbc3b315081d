/**
 * The formatter of Dockerfiles. Its style is described in docs/formatting.md.
 *
 * @example
 * import { readFileSync, writeFileSync } from 'node:fs';
 * import { formatDockerfile } from 'tsfront/format';
 * import { decodeText, encodeText } from 'tsfront/parser';
 *
 * const text = decodeText(readFileSync('Dockerfile'));
 * writeFileSync('Dockerfile', encodeText(formatDockerfile(text)));
 *
 * @module
 */

export { type FormatDockerfileOptions, formatDockerfile } from './format-dockerfile.ts';
