/** Sends lint warnings to the daemon, which shows them with the lines of the Dockerfile. */
import { formatFinding } from '../buildkit-rules/linter.ts';
import { findRule } from '../buildkit-rules/rules.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { SourceInfo } from '../gen/pb/ops_pb.ts';
import { SourceInfoSchema } from '../gen/pb/ops_schemas.ts';
import { lineRanges } from '../lower/source-location.ts';
import { create } from '../protobuf/create.ts';
import type { Bridge, Warning } from './bridge.ts';
import { partOf, type SourceDescription } from './source-info.ts';

/** Sends warnings of a build to the daemon. */
export interface Warner {
  warn(finding: Diagnostic): void;
  /** Resolves when all warnings have arrived. */
  sent(): Promise<void>;
}

/** Warnings list each line of their instruction until all warnings together have this many lines. */
const maxLines = 1_000_000;
/** After that, a warning lists at most this many lines of its instruction. */
const maxFurtherLines = 20;

/**
 * Makes a warner. The warnings belong to the vertex that read the Dockerfile, and are sent in order, because a daemon
 * shows them in the order of arrival. Failures are ignored, so that they do not fail the build.
 */
export function createWarner(bridge: Bridge, source: SourceDescription): Warner {
  const vertex = source.definition?.head() ?? '';
  let linesLeft = maxLines;
  let sent = Promise.resolve();

  function describe(finding: Diagnostic): Warning {
    const {
      code,
      message,
      url = '',
      lines: [place],
    } = finding;
    const { source: file, lines } = partOf(source, place);
    const count = lines ? lines.end - lines.start + 1 : 0;
    if (count > maxFurtherLines) linesLeft -= count;
    const last = lines && (linesLeft >= 0 ? lines.end : Math.min(lines.end, lines.start + maxFurtherLines - 1));
    return {
      level: 1,
      short: formatFinding(finding),
      finding: { code, message },
      detail: [findRule(code)?.description ?? ''],
      url,
      source: file,
      ranges: lineRanges(lines && { start: lines.start, end: last! }),
    };
  }

  return {
    warn(finding) {
      sent = sent.then(() => bridge.warn(vertex, describe(finding))).catch(() => {});
    },
    sent: () => sent,
  };
}

/** Maximum size in bytes of all copies of the Dockerfile that are sent with warnings. */
const maxSourceBytes = 64 << 20;

/**
 * Makes the messages with the files of warnings, one for each file. In the protocol, every warning carries the whole
 * file, and the daemon keeps all copies: after 64 MiB of them, warnings name their lines without the file.
 */
export function createSourceMessages(): (source: Warning['source']) => SourceInfo | undefined {
  const messages = new WeakMap<object, SourceInfo>();
  let left = maxSourceBytes;
  return (source) => {
    if (!source) return undefined;
    left -= source.data.length;
    if (left < 0) return undefined;
    let message = messages.get(source);
    if (!message) {
      const { filename, language, data, definition } = source;
      message = create(SourceInfoSchema, {
        filename,
        language,
        data,
        ...(definition && { definition: definition.toPb() }),
      });
      messages.set(source, message);
    }
    return message;
  };
}
