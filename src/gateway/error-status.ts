/**
 * Errors as BuildKit wants them: a google.rpc.Status whose details are Go's JSON of the typed errors
 * (solver/errdefs, util/grpcerrors).
 */
import { describeError, findDiagnosticError, wireMessage } from '../diagnostic/diagnostic.ts';
import { type LineRange, lineColumn, rangeLines } from '../diagnostic/source-file.ts';
import { type JsonEncodable, marshalJson } from '../go/json-encode.ts';
import { encodeText } from '../go/text.ts';
import { lineRanges } from '../lower/source-location.ts';
import { Code, RpcError, rpcError, type StatusDetail } from '../rpc/rpc-error.ts';
import { causesOf, findCause } from '../text/causes.ts';
import { errorMessage } from '../text/error-message.ts';
import { hideFields, ShortError } from '../text/short-error.ts';
import { partOf, rangeJson, type SourceDescription, sourceFile, sourceInfoJson } from './source-info.ts';

/** A google.rpc.Status. */
export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: { typeUrl: string; value: Uint8Array }[];
}

/** An error that BuildKit recognises by the type in its details. */
class TypedError extends ShortError {
  override readonly name = 'TypedError';
  readonly code: number;
  readonly detail: StatusDetail;
  constructor(message: string, code: number, detail: StatusDetail) {
    super(message);
    this.code = code;
    this.detail = detail;
    hideFields(this, 'detail');
  }
}

const typedDetail = (type: string, json: JsonEncodable): StatusDetail => ({
  typeUrl: `github.com/moby/buildkit/${type}+json`,
  value: encodeText(marshalJson(json)),
});

/** A capability in `frontend.caps` that this frontend lacks. */
export const unsupportedFrontendCapability = (name: string) =>
  new TypedError(
    `unsupported frontend capability ${name}`,
    Code.unimplemented,
    typedDetail('errdefs.FrontendCap', { name }),
  );

/** A `requestid` that this frontend does not know. */
export const unsupportedSubrequest = (name: string) =>
  new TypedError(`unsupported request ${name}`, Code.unknown, typedDetail('errdefs.Subrequest', { name }));

/** An error's message without the further problems of the Dockerfile that are listed below it. */
function firstMessage(error: unknown): string {
  return findDiagnosticError(error) ? wireMessage(describeError(error, 'build').diagnostics[0]) : errorMessage(error);
}

/** Adds the locations in a file to an error that has none of its own. */
export class SourceError extends ShortError {
  override readonly name = 'SourceError';
  readonly source: SourceDescription;
  /** Innermost first; undefined is a place without lines. */
  readonly locations: readonly (LineRange | undefined)[];
  constructor(error: unknown, source: SourceDescription, locations: readonly (LineRange | undefined)[]) {
    super(errorMessage(error), { cause: error });
    this.source = source;
    this.locations = locations;
    hideFields(this, 'source'); // a whole file
  }
}

/** The location of an error, such as `Dockerfile:2`. */
export function sourceLocationOf(error: unknown): string | undefined {
  for (const e of causesOf(error)) {
    if (!(e instanceof SourceError)) continue;
    const { filename } = e.source;
    const { range, file } = findDiagnosticError(e)?.diagnostics[0] ?? {};
    if (range && !file) return `${filename}:${lineColumn(sourceFile(e.source), range.start).line}`;
    const place = e.locations.find((it) => it !== undefined && it.start > 0);
    const { source, lines } = partOf(e.source, place);
    if (lines) return `${source.filename}:${lines.start}`;
  }
  return undefined;
}

/** Maximum number of lines in an error's location. Errors travel in a header, whose size is limited. */
export const maxErrorLines = 20_000;

/**
 * Maximum number of locations in an error, each of which contains the whole file. In a circle of stages, the innermost
 * are kept.
 */
const maxPlaces = 100;

/** The first {@link maxErrorLines} lines of an instruction. */
export function firstLines(lines: LineRange | undefined): LineRange | undefined {
  return lines && { start: lines.start, end: Math.min(lines.end, lines.start + maxErrorLines - 1) };
}

/** Adds the source file to an error that is about it, unless the error already has one. */
export function withSource(error: unknown, source: SourceDescription): unknown {
  if (findCause(error, SourceError)) return error;
  const found = findDiagnosticError(error);
  return found ? new SourceError(error, source, found.diagnostics[0].lines) : error;
}

/**
 * Adds the file, without lines, to an error that has no location. A frontend that forwarded the build to this one would
 * otherwise report that such an error is about its `# syntax=` line.
 */
export function withWholeFile(error: unknown, source: SourceDescription): unknown {
  const { details } = toStatus(error);
  return details.some(isSource) ? error : new SourceError(error, source, [undefined]);
}

const isSource = (detail: StatusDetail) => /(^|\/)errdefs\.Source(\+json)?$/.test(detail.typeUrl);

/** Whether an error from another frontend already has a location. */
export const hasRemoteLocation = (error: unknown) => rpcError(error)?.details.some(isSource) ?? false;

/**
 * Converts an error to a status. Locations are listed outermost first. An error from the daemon keeps its code, and the
 * message keeps the prefixes that this frontend added, as it does with BuildKit's built-in frontend. (BuildKit's
 * frontend image loses them.)
 *
 * @param sayHint writes the hint for its readers; by default it names frontend options
 */
export function toStatus(error: unknown, sayHint: (hint: string) => string = (hint) => hint): Status {
  const details: StatusDetail[] = [];
  let code: number | undefined;
  let dockerfile: SourceDescription | undefined;
  for (const e of causesOf(error)) {
    if (e instanceof SourceError) {
      dockerfile ??= e.source;
      for (const place of e.locations.slice(-maxPlaces).reverse()) {
        const { source, lines } = partOf(e.source, place);
        details.push(
          typedDetail('errdefs.Source', { info: sourceInfoJson(source), ranges: lineRangesJson(firstLines(lines)) }),
        );
      }
    } else if (e instanceof TypedError) {
      details.push(e.detail);
      code ??= e.code;
    }
  }
  if (dockerfile && !hasLines(error)) details.push(...ownLocation(error, dockerfile));
  const remote = rpcError(error);
  if (remote) {
    const known = remote.details.filter(isKnownDetail).reverse();
    const unknown = remote.details.filter((detail) => !isKnownDetail(detail));
    const all = [...unknown, ...details, ...known].map(({ typeUrl, value }) => ({ typeUrl, value }));
    return {
      code: remote.code === Code.ok ? Code.unknown : remote.code,
      message: withoutCodes(withHint(error, sayHint), error),
      details: all,
    };
  }
  return {
    code: code ?? Code.unknown,
    message: withHint(error, sayHint),
    details: details.map(({ typeUrl, value }) => ({ typeUrl, value })),
  };
}

/** Whether an error has a location that the reference reports, too. */
function hasLines(error: unknown): boolean {
  for (const e of causesOf(error))
    if (e instanceof SourceError && e.locations.some((lines) => lines !== undefined)) return true;
  return hasRemoteLocation(error);
}

/** The location of an error for which the reference reports none, in the Dockerfile or another file. */
function ownLocation(error: unknown, dockerfile: SourceDescription): StatusDetail[] {
  const { range, file } = findDiagnosticError(error)?.diagnostics[0] ?? {};
  if (!range) return [];
  const info = file ? { filename: file.filename, data: encodeText(file.text) } : dockerfile;
  const lines = firstLines(rangeLines(file ?? sourceFile(dockerfile), range));
  return [typedDetail('errdefs.Source', { info: sourceInfoJson(info), ranges: lineRangesJson(lines) })];
}

/** An image that cannot be resolved. The message is that of BuildKit's built-in frontend. */
export class UnresolvedImage extends ShortError {
  override readonly name = 'UnresolvedImage';
  constructor(ref: string, cause: unknown) {
    super(`failed to resolve source metadata for ${ref}: ${errorMessage(cause)}`, { cause });
  }
}

/**
 * Maximum length of a message with all problems, in characters. Longer ones are cut to the first problem to fit into a
 * gRPC message.
 */
const maxListing = 65_536;

/** The message of an error with all problems of the Dockerfile, or only the first if the list is too long. */
function boundedMessage(error: unknown): string {
  const message = errorMessage(error);
  return message.length > maxListing ? firstMessage(error) : message;
}

/**
 * The message of an error in the answer to a subrequest. Like the reference's frontend image, it omits the prefix of
 * {@link UnresolvedImage}.
 */
export function subrequestMessage(error: unknown): string {
  const message = boundedMessage(error);
  const unresolved = findCause(error, UnresolvedImage);
  return unresolved ? message.replace(unresolved.message, () => errorMessage(unresolved.cause)) : message;
}

/** The message of an error without the names of gRPC codes. */
export function plainMessage(error: unknown): string {
  return withoutCodes(boundedMessage(error), error);
}

/** Removes the names of gRPC codes, which precede each message from the daemon. */
function withoutCodes(message: string, error: unknown): string {
  const remote = rpcError(error);
  const remotes = [remote, ...(findDiagnosticError(error)?.others ?? []).map(rpcError)];
  let plain = message;
  for (const it of remotes) if (it) plain = plain.replaceAll(it.message, () => it.status);
  return !remote || plain.includes(remote.status) ? plain : `${plain}: ${remote.status}`;
}

/** Inserts the hint, if there is one, after the problem that it belongs to and before the further problems. */
function withHint(error: unknown, sayHint: (hint: string) => string): string {
  const message = errorMessage(error);
  const hint = findDiagnosticError(error)?.diagnostics[0].hint;
  if (hint === undefined) return message;
  const problem = firstMessage(error);
  const end = message.includes(problem) ? message.indexOf(problem) + problem.length : message.length;
  return `${message.slice(0, end)}\nhint: ${sayHint(hint)}${message.slice(end)}`;
}

const isKnownDetail = (detail: StatusDetail) => /(^|\/)(errdefs|stack)\.\w+\+json$/.test(detail.typeUrl);

/** Maximum number of lines in all locations of an answer together. Further locations list only their first line. */
const maxListedLines = 50_000;

/** {@link lineRangesJson} for all locations of one answer, which may contain the same long instruction many times. */
export function placesJson(): typeof lineRangesJson {
  let left = maxListedLines;
  return (lines) => {
    left -= lines ? lines.end - lines.start + 1 : 0;
    return lineRangesJson(lines && (left >= 0 ? lines : { start: lines.start, end: lines.start }));
  };
}

/** {@link lineRanges} in Go's JSON; undefined if there are no ranges. */
export function lineRangesJson(lines: LineRange | undefined) {
  const ranges = lineRanges(lines).map(rangeJson);
  return ranges.length > 0 ? ranges : undefined;
}

/** The error of a frontend that is stopped by a signal. */
export const canceled = (reason: string) => new RpcError(Code.canceled, `context canceled: ${reason}`);
