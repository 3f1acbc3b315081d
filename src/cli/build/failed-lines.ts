/** What is odd about the instruction that failed, such as a dash that is none: the daemon knows nothing of it. */
import { errorSources } from '../../client/index.ts';

/** Sentences about the lines that an error is about; none where the message has them. */
export async function failedLineHints(error: unknown): Promise<string[]> {
  const sources = errorSources(error);
  if (sources.length === 0) return [];
  const { findOddities } = await import('../../check/oddities.ts');
  const { parseDockerfile } = await import('../../parser/index.ts');
  const told = error instanceof Error ? error.message : '';
  const hints = new Set<string>();
  for (const { filename, text, ranges } of sources) {
    for (const { message, hint, locations } of findOddities(parseDockerfile(text, { filename }))) {
      const [lines] = locations;
      const isThere = lines && ranges.some(({ start, end }) => lines.start <= end && lines.end >= start);
      if (isThere && !told.includes(hint!)) hints.add(`line ${lines.start}: ${message}. ${hint}`);
    }
  }
  return [...hints];
}
