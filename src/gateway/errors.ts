/**
 * Errors as BuildKit wants them: a google.rpc.Status whose details are Go's JSON of the typed errors
 * (solver/errdefs, util/grpcerrors).
 */
import { type JsonEncodable, marshalJson } from '../go/json-encode.ts';
import { explainedError } from '../lower/errors.ts';
import { lineRanges } from '../lower/source-location.ts';
import { LocatedError, locatedError } from '../parser/diagnostic.ts';
import type { LineRange } from '../parser/source.ts';
import { Code, RpcError, rpcError, type StatusDetail } from '../rpc/status.ts';
import { rangeJson, type SourceDescription, sourceInfoJson } from './source-info.ts';

export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: { typeUrl: string; value: Uint8Array }[];
}

/** An error that BuildKit knows by type: it carries a code and a detail. */
export class TypedError extends Error {
  override readonly name = 'TypedError';
  readonly code: number;
  readonly detail: StatusDetail;
  constructor(message: string, code: number, detail: StatusDetail) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

const typedDetail = (type: string, json: JsonEncodable): StatusDetail => ({
  typeUrl: `github.com/moby/buildkit/${type}+json`,
  value: new TextEncoder().encode(marshalJson(json)),
});

/** A capability in `frontend.caps` that this frontend lacks. */
export const unsupportedFrontendCap = (name: string) =>
  new TypedError(
    `unsupported frontend capability ${name}`,
    Code.unimplemented,
    typedDetail('errdefs.FrontendCap', { name }),
  );

/** A `requestid` that this frontend does not know. */
export const unsupportedSubrequest = (name: string) =>
  new TypedError(`unsupported request ${name}`, Code.unknown, typedDetail('errdefs.Subrequest', { name }));

/** Says what was being done when `error` came. */
export function wrapError(error: unknown, doing: string): Error {
  return new Error(`${doing}: ${messageOf(error)}`, { cause: error });
}

/** An error's message without the further problems of the Dockerfile that are listed below it. */
function firstMessage(error: unknown): string {
  return (error instanceof LocatedError && error.diagnostics[0]?.message) || messageOf(error);
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** An error together with places in a file, for an error that has none of its own. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly source: SourceDescription;
  /** Innermost first; undefined is a place without lines. */
  readonly locations: readonly (LineRange | undefined)[];
  constructor(error: unknown, source: SourceDescription, locations: readonly (LineRange | undefined)[]) {
    super(messageOf(error), { cause: error });
    this.source = source;
    this.locations = locations;
    Object.defineProperty(this, 'source', { enumerable: false }); // a whole file: nobody wants to see it in a log
  }
}

/** More lines of an instruction than an error can carry: it travels in a header. */
export const maxErrorLines = 20_000;

/** Places that an error carries, each with the whole file: of a circle of stages, these lead into it. */
const maxPlaces = 100;

/** The lines of an instruction that an error lists. */
export function firstLines(lines: LineRange | undefined): LineRange | undefined {
  return lines && { start: lines.start, end: Math.min(lines.end, lines.start + maxErrorLines - 1) };
}

/** Adds the file to an error that is about it. */
export function withSource(error: unknown, source: SourceDescription): unknown {
  const located = locatedError(error);
  if (located) return new SourceError(error, source, located.locations);
  return explainedError(error) ? new SourceError(error, source, []) : error;
}

const isSource = (detail: StatusDetail) => /(^|\/)errdefs\.Source(\+json)?$/.test(detail.typeUrl);

/** Whether an error from another frontend already points into a file. */
export const hasSources = (error: unknown) => rpcError(error)?.details.some(isSource) ?? false;

/**
 * The status for an error; places are listed outermost first. An error that came from the daemon keeps its code, and
 * what was put around its message goes along: BuildKit's frontends do so inside the daemon, and lose it as images.
 */
export function toStatus(error: unknown): Status {
  const details: StatusDetail[] = [];
  let code: number | undefined;
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof SourceError) {
      for (const lines of e.locations.slice(-maxPlaces).reverse())
        details.push(
          typedDetail('errdefs.Source', { info: sourceInfoJson(e.source), ranges: lineRangesJson(firstLines(lines)) }),
        );
    } else if (e instanceof TypedError) {
      details.push(e.detail);
      code ??= e.code;
    }
  }
  const remote = rpcError(error);
  if (remote) {
    const known = remote.details.filter(isKnown).reverse();
    const unknown = remote.details.filter((detail) => !isKnown(detail));
    const all = [...unknown, ...details, ...known].map(({ typeUrl, value }) => ({ typeUrl, value }));
    return {
      code: remote.code === Code.ok ? Code.unknown : remote.code,
      message: withoutCodes(withHint(error), error),
      details: all,
    };
  }
  return {
    code: code ?? Code.unknown,
    message: withHint(error),
    details: details.map(({ typeUrl, value }) => ({ typeUrl, value })),
  };
}

/** An image of which the daemon knows nothing. A frontend inside the daemon says so in these words. */
export class UnresolvedImage extends Error {
  override readonly name = 'UnresolvedImage';
  constructor(ref: string, cause: unknown) {
    super(`failed to resolve source metadata for ${ref}: ${messageOf(cause)}`, { cause });
  }
}

/** An error's message as the reference's frontend image puts it into the answer of a request: without those words. */
export function requestMessage(error: unknown): string {
  const message = firstMessage(error);
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if (e instanceof UnresolvedImage) return message.replace(e.message, () => messageOf(e.cause));
  return message;
}

/** An error's message, in which what a daemon said stands without the name of its code. */
export function plainMessage(error: unknown): string {
  return withoutCodes(firstMessage(error), error);
}

/** The name of the code stands in front of the daemon's own message, and further in where something was put around it. */
function withoutCodes(message: string, error: unknown): string {
  const remote = rpcError(error);
  const remotes = [remote, ...(locatedError(error)?.others ?? []).map(rpcError)];
  let plain = message;
  for (const it of remotes) if (it) plain = plain.replaceAll(it.message, () => it.status);
  return !remote || plain.includes(remote.status) ? plain : `${plain}: ${remote.status}`;
}

/** The message with the hint, if there is one, between the problem it is for and the further ones. */
function withHint(error: unknown): string {
  const message = messageOf(error);
  const located = locatedError(error);
  if (!located?.hint) return message;
  const problem = firstMessage(located);
  const end = message.includes(problem) ? message.indexOf(problem) + problem.length : message.length;
  return `${message.slice(0, end)}\nhint: ${located.hint}${message.slice(end)}`;
}

const isKnown = (detail: StatusDetail) => /(^|\/)(errdefs|stack)\.\w+\+json$/.test(detail.typeUrl);

/** Lines that all places of an answer list together; beyond that, each place lists its first one. */
export const MAX_LISTED_LINES = 50_000;

/** {@link lineRangesJson} for the places of one answer: many arguments may stand in one instruction of many lines. */
export function placesJson(): typeof lineRangesJson {
  let left = MAX_LISTED_LINES;
  return (lines) => {
    left -= lines ? lines.end - lines.start + 1 : 0;
    return lineRangesJson(lines && (left >= 0 ? lines : { start: lines.start, end: lines.start }));
  };
}

/** {@link lineRanges} in Go's JSON; undefined for none. */
export function lineRangesJson(lines: LineRange | undefined) {
  const ranges = lineRanges(lines).map(rangeJson);
  return ranges.length > 0 ? ranges : undefined;
}

/** What to report when a frontend is told to stop. */
export const canceled = (reason: string) => new RpcError(Code.canceled, `context canceled: ${reason}`);
