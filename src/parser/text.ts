/** The encoding of Dockerfile text: see `src/go/text.ts`. */
export { decodeText, encodeText } from '../go/text.ts';
