/**
 * Advice about the instruction that failed, such as a character that only looks like a dash. The daemon does not notice
 * it.
 */
import { errorSources } from '../../client/index.ts';

/** Returns sentences about the lines of an error; none if the message contains them. */
export async function failedLineHints(error: unknown): Promise<string[]> {
  const sources = errorSources(error).filter(({ filename }) => !filename.endsWith('.dockerignore'));
  if (sources.length === 0) return [];
  const { findAdvice } = await import('../../lint/advice.ts');
  const { parseDockerfile } = await import('../../parser/index.ts');
  const errorText = error instanceof Error ? error.message : '';
  const hints = new Set<string>();
  for (const { filename, text, ranges } of sources) {
    for (const {
      message,
      hint,
      lines: [lines],
    } of findAdvice(parseDockerfile(text, { filename }))) {
      const isThere = lines && ranges.some(({ start, end }) => lines.start <= end && lines.end >= start);
      if (isThere && !errorText.includes(hint!)) hints.add(`line ${lines.start}: ${message}. ${hint}`);
    }
  }
  return [...hints];
}
