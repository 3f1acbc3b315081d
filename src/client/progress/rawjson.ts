/**
 * The progress of a build as JSON, one report a line, in the form of `docker buildx build --progress=rawjson`. Logs of
 * others keep it: addresses have no credentials.
 */
import { toJson } from '@bufbuild/protobuf';
import { ProgressGroupSchema, RangeSchema, SourceInfoSchema } from '../../gen/pb/ops_pb.ts';
import { encodeText } from '../../go/text.ts';
import { escapeControls } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import type { StatusUpdate, VertexWarning } from '../status.ts';
import type { Display, DisplayStream } from './display.ts';

/** A display that writes each report as a line of JSON, as buildx's `rawjson` does. */
export function rawJsonDisplay(out: DisplayStream): Display {
  return {
    update(update) {
      const json = JSON.stringify(toRawJson(update));
      out.write(`${out.isTTY ? escapeControls(json) : json}\n`);
    },
    refresh() {},
    done() {},
  };
}

function toRawJson({ vertexes, statuses, logs, warnings }: StatusUpdate) {
  return {
    ...(vertexes.length > 0 && {
      vertexes: vertexes.map((vertex) => ({
        digest: vertex.digest,
        inputs: vertex.inputs.length > 0 ? vertex.inputs : undefined,
        name: redactCredentials(vertex.name),
        started: time(vertex.started),
        completed: time(vertex.completed),
        cached: vertex.cached || undefined,
        error: redactCredentials(vertex.error) || undefined,
        progressGroup: vertex.progressGroup && {
          ...(toJson(ProgressGroupSchema, vertex.progressGroup) as object),
          name: redactCredentials(vertex.progressGroup.name) || undefined,
        },
      })),
    }),
    ...(statuses.length > 0 && {
      statuses: statuses.map((status) => ({
        id: status.id,
        vertex: status.vertex,
        name: redactCredentials(status.name) || undefined,
        total: status.total || undefined,
        current: status.current,
        timestamp: time(status.timestamp),
        started: time(status.started),
        completed: time(status.completed),
      })),
    }),
    ...(logs.length > 0 && {
      logs: logs.map((log) => ({
        vertex: log.vertex,
        stream: log.stream === 'stderr' ? 2 : 1,
        data: Buffer.from(log.data).toString('base64'),
        timestamp: time(log.timestamp),
      })),
    }),
    ...(warnings.length > 0 && {
      warnings: warnings.map(toRawWarning),
    }),
  };
}

/** Converts a warning to its form in `rawjson`. */
export function toRawWarning(warning: VertexWarning) {
  return {
    vertex: warning.vertex,
    level: warning.level || undefined,
    short: base64(warning.short),
    detail: warning.detail.map(base64),
    url: warning.url || undefined,
    sourceInfo: warning.source && toJson(SourceInfoSchema, warning.source),
    range: warning.ranges.map((range) => toJson(RangeSchema, range)),
  };
}

const base64 = (text: string) => Buffer.from(encodeText(redactCredentials(text))).toString('base64');

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
