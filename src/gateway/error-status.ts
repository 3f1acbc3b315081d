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
import { errorMessage } from '../text/error-message.ts';
import { hideFields, ShortError } from '../text/short-error.ts';
import { rangeJson, type SourceDescription, sourceFile, sourceInfoJson } from './source-info.ts';

export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: { typeUrl: string; value: Uint8Array }[];
}

/** An error that BuildKit knows by type: it carries a code and a detail. */
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

/** An error together with places in a file, for an error that has none of its own. */
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

/** What an error is about, as `Dockerfile:2`. */
export function sourceLocationOf(error: unknown): string | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (!(e instanceof SourceError)) continue;
    const { filename } = e.source;
    const { range, file } = findDiagnosticError(e)?.diagnostics[0] ?? {};
    if (range && !file) return `${filename}:${lineColumn(sourceFile(e.source), range.start).line}`;
    const lines = e.locations.find((it) => it !== undefined && it.start > 0);
    if (lines) return `${filename}:${lines.start}`;
  }
  return undefined;
}

/** More lines of an instruction than an error can carry: it travels in a header. */
export const maxErrorLines = 20_000;

/** Places that an error carries, each with the whole file: of a circle of stages, these lead into it. */
const maxPlaces = 100;

/** The lines of an instruction that an error lists. */
export function firstLines(lines: LineRange | undefined): LineRange | undefined {
  return lines && { start: lines.start, end: Math.min(lines.end, lines.start + maxErrorLines - 1) };
}

/** Adds the file to an error that is about it, unless it has it. */
export function withSource(error: unknown, source: SourceDescription): unknown {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof SourceError) return error;
  const found = findDiagnosticError(error);
  return found ? new SourceError(error, source, found.diagnostics[0].lines) : error;
}

/**
 * Adds the file to an error of a frontend that another one has handed the build to. Of an error that points nowhere the
 * other one says that it is about the line with `# syntax=`; of one that points to the file as such, it does not.
 */
export function withFileOf(error: unknown, source: SourceDescription): unknown {
  const { details } = toStatus(error);
  return details.some(isSource) ? error : new SourceError(error, source, [undefined]);
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
  let dockerfile: SourceDescription | undefined;
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof SourceError) {
      dockerfile ??= e.source;
      for (const lines of e.locations.slice(-maxPlaces).reverse())
        details.push(
          typedDetail('errdefs.Source', { info: sourceInfoJson(e.source), ranges: lineRangesJson(firstLines(lines)) }),
        );
    } else if (e instanceof TypedError) {
      details.push(e.detail);
      code ??= e.code;
    }
  }
  if (dockerfile && !hasLines(error)) details.push(...knownPlace(error, dockerfile));
  const remote = rpcError(error);
  if (remote) {
    const known = remote.details.filter(isKnownDetail).reverse();
    const unknown = remote.details.filter((detail) => !isKnownDetail(detail));
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

/** Whether the reference says which lines an error is about. */
function hasLines(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if (e instanceof SourceError && e.locations.some((lines) => lines !== undefined)) return true;
  return hasSources(error);
}

/** The place that is known here of an error for which the reference has none, in the Dockerfile or another file. */
function knownPlace(error: unknown, dockerfile: SourceDescription): StatusDetail[] {
  const { range, file } = findDiagnosticError(error)?.diagnostics[0] ?? {};
  if (!range) return [];
  const info = file ? { filename: file.filename, data: encodeText(file.text) } : dockerfile;
  const lines = firstLines(rangeLines(file ?? sourceFile(dockerfile), range));
  return [typedDetail('errdefs.Source', { info: sourceInfoJson(info), ranges: lineRangesJson(lines) })];
}

/** An image of which the daemon knows nothing. A frontend inside the daemon says so in these words. */
export class UnresolvedImage extends ShortError {
  override readonly name = 'UnresolvedImage';
  constructor(ref: string, cause: unknown) {
    super(`failed to resolve source metadata for ${ref}: ${errorMessage(cause)}`, { cause });
  }
}

/** Longer lists of problems are left out of the answer of a request, which has to fit into a message. */
const maxListing = 65_536;

/** An error's message with the further problems of the Dockerfile below it, as a build has it. */
function requestedMessage(error: unknown): string {
  const message = errorMessage(error);
  return message.length > maxListing ? firstMessage(error) : message;
}

/** It as the reference's frontend image puts it into the answer of a request: without those words. */
export function requestMessage(error: unknown): string {
  const message = requestedMessage(error);
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if (e instanceof UnresolvedImage) return message.replace(e.message, () => errorMessage(e.cause));
  return message;
}

/** It with what a daemon said without the name of its code. */
export function plainMessage(error: unknown): string {
  return withoutCodes(requestedMessage(error), error);
}

/** The name of the code stands in front of the daemon's own message, and further in where something was put around it. */
function withoutCodes(message: string, error: unknown): string {
  const remote = rpcError(error);
  const remotes = [remote, ...(findDiagnosticError(error)?.others ?? []).map(rpcError)];
  let plain = message;
  for (const it of remotes) if (it) plain = plain.replaceAll(it.message, () => it.status);
  return !remote || plain.includes(remote.status) ? plain : `${plain}: ${remote.status}`;
}

/** The message with the hint, if there is one, between the problem it is for and the further ones. */
function withHint(error: unknown): string {
  const message = errorMessage(error);
  const hint = findDiagnosticError(error)?.diagnostics[0].hint;
  if (hint === undefined) return message;
  const problem = firstMessage(error);
  const end = message.includes(problem) ? message.indexOf(problem) + problem.length : message.length;
  return `${message.slice(0, end)}\nhint: ${hint}${message.slice(end)}`;
}

const isKnownDetail = (detail: StatusDetail) => /(^|\/)(errdefs|stack)\.\w+\+json$/.test(detail.typeUrl);

/** Lines that all places of an answer list together; beyond that, each place lists its first one. */
const maxListedLines = 50_000;

/** {@link lineRangesJson} for the places of one answer: many arguments may stand in one instruction of many lines. */
export function placesJson(): typeof lineRangesJson {
  let left = maxListedLines;
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
