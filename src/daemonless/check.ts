/**
 * Checks a Dockerfile: every syntax error, what else would fail its build, and the findings of BuildKit's lint rules
 * and of tsfront's own.
 */
import type { WarningCode } from '../diagnostic/codes.ts';
import { withDefaultHint } from '../diagnostic/default-hint.ts';
import {
  compareStarts,
  type Diagnostic,
  DiagnosticError,
  describeError,
  errorDiagnostic,
  warningDiagnostic,
} from '../diagnostic/diagnostic.ts';
import { withOneGuess } from '../diagnostic/shown-message.ts';
import { linesRange, type SourceFile } from '../diagnostic/source-file.ts';
import type { Bridge, Warning } from '../gateway/bridge.ts';
import { defaultDockerfileName } from '../gateway/frontend-files.ts';
import { hasNamedContext } from '../gateway/named-context.ts';
import { type SourceDescription, sourceFile } from '../gateway/source-info.ts';
import { createTurns, type Turns } from '../host/turns.ts';
import { addFixes } from '../lint/add-fixes.ts';
import { findAdvice } from '../lint/advice.ts';
import type { LintConfig } from '../lint/config.ts';
import { completeFindings } from '../lint/lint.ts';
import { createLintFile, type LintFile } from '../lint/lint-file.ts';
import { Definition } from '../llb/definition.ts';
import type { Lowered } from '../lower/lower.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { explainStrayBytes } from '../parser/hints/stray-bytes.ts';
import { findIgnoreAdvice, type IgnoreAdvice } from '../parser/ignore/advice.ts';
import { parseDockerignore } from '../parser/ignore/dockerignore.ts';
import { parseInTurns } from '../parser/parse.ts';
import type { ReadPastErrors } from '../parser/past-errors.ts';
import { aFunction, checkArgument } from '../text/arguments.ts';
import { redactCredentials } from '../text/redact.ts';
import { marshalStages } from './all-stages.ts';
import { type Frontend, ownFrontend } from './compile.ts';
import { contextNames } from './context-names.ts';
import { checkOptions } from './daemonless-arguments.ts';
import { createDaemonlessBridge, type DaemonlessOptions } from './daemonless-bridge.ts';
import { findCrlfScripts } from './find-crlf-scripts.ts';
import {
  type MissingSource,
  missingSourceMessage,
  missingSourceProblems,
  missingSources,
} from './find-missing-sources.ts';
import { withoutFollowOns } from './follow-ons.ts';
import { type LintError, type LintResult, lintError, lintJson, located } from './lint-json.ts';
import { findIgnoreFile, missingSourceHints, readIgnoreFile } from './missing-source-hint.ts';
import { unavailableHint } from './unavailable-hint.ts';
import { findUnsetInRun, judgedStages, onlyJudged } from './unset-variables.ts';

/** The result of a check. */
export interface Checked {
  /** The Dockerfile that the problems are in. */
  readonly source: SourceFile;
  /** In the order of the file. */
  readonly problems: readonly Diagnostic[];
  /** The findings as the subrequest `frontend.lint` answers them, with the problems that only this check finds. */
  readonly json: LintResult;
  /** The graph of all stages, or of the target; undefined if the build would fail before there is one. */
  readonly graph: Definition | undefined;
  /** The same in spite of errors: what has one is left out. undefined if nothing can be made. */
  readonly partialGraph: Definition | undefined;
  /** Warnings about the check itself: the file asks for another frontend, which does not run here. */
  readonly warnings: readonly Warning[];
  /**
   * The images whose config a resolver made up ({@link FoundImage.unknown}), by name and tag. Undefined variables
   * are not reported in stages that are made from them, because an image may define any variable.
   */
  readonly unknownImages: ReadonlySet<string>;
  /** Lines of the ignore file that do no harm and have no effect. */
  readonly notes: readonly { readonly filename: string; readonly line: number; readonly message: string }[];
}

/** The options of a check. */
export interface CheckOptions extends DaemonlessOptions {
  /** What is reported, and as what; by default everything at its own level. */
  readonly lint?: LintConfig | undefined;
}

/**
 * Checks what the options name.
 *
 * @param frontend runs the Dockerfile frontend; by default the one of this package
 * @throws Error if the Dockerfile cannot be read
 */
export async function checkDockerfile(options: CheckOptions, frontend: Frontend = ownFrontend): Promise<Checked> {
  checkArgument('checkDockerfile', 'options', options, checkOptions);
  checkArgument('checkDockerfile', 'frontend', frontend, aFunction);
  const bridge = createDaemonlessBridge({ ...options, opts: { ...options.opts, requestid: 'frontend.lint' } });
  const run = await runFrontend(frontend, bridge);
  const { unknownImages } = bridge;
  const turns = createTurns(options.signal);
  const text = await readText(run, options, turns);
  const made = await makeGraph(run, options, turns);
  const ignore = await ignoreFileAdvice(options);
  const found = [...(await findingsOf(run, text, unknownImages, options)), ...(ignore.advice?.warnings ?? [])];
  const reported = reportedFindings(run, text, found, unknownImages, options);
  const { findings, errors } = withoutFollowOns(text.dockerfile, reported, await buildErrors(run, text, made, options));
  const problems = [...findings, ...errors].sort(compareStarts);
  const graph = made.graph instanceof Definition ? made.graph : undefined;
  return {
    source: run.source,
    problems: withoutGuessedFixes(problems),
    json: lintJson(run.description, findings, firstError(run, text, made)),
    graph: run.failure === undefined ? graph : undefined,
    partialGraph: graph,
    warnings: bridge.warnings,
    unknownImages,
    notes: (ignore.advice?.notes ?? []).map((note) => ({ filename: ignore.file?.filename ?? '', ...note })),
  };
}

/** What the frontend says of the Dockerfile. */
interface FrontendRun {
  readonly description: SourceDescription;
  readonly source: SourceFile;
  /** All errors of the build as one; undefined if it succeeds. */
  readonly failure: unknown;
  readonly findings: readonly Diagnostic[];
  /** What was lowered, also in spite of errors; undefined if nothing could be. */
  readonly lowered: Lowered | undefined;
  /** The Dockerfile as it was read in spite of its errors; undefined if it has none, or cannot be read on. */
  readonly read: ReadPastErrors | undefined;
}

/** Runs the frontend, which continues after errors. @throws Error if the Dockerfile cannot be read */
async function runFrontend(frontend: Frontend, bridge: Bridge): Promise<FrontendRun> {
  const { linted } = await frontend(bridge);
  if (!linted)
    throw new Error('the frontend does not say what it has found: checkDockerfile takes one that ends in tsfront');
  const source = sourceFile(linted.source);
  const past = await linted.pastErrors();
  const failure = past ? joinErrors(linted.failure, past.errors, source) : linted.failure;
  const { findings, lowered } = past ?? linted;
  return { description: linted.source, source, failure, findings, lowered, read: past?.read };
}

/** The text of the Dockerfile as rules read it. */
interface DockerfileText {
  /** The instructions, also those after errors if the file can be read there. */
  readonly dockerfile: Dockerfile;
  /** The same for lint rules; undefined if the file cannot be read after its errors. */
  readonly lintFile: LintFile | undefined;
}

async function readText(
  { description, source, failure, read }: FrontendRun,
  options: DaemonlessOptions,
  turns: Turns,
): Promise<DockerfileText> {
  const isContext = (base: string) => isNamedContext(options, base);
  if (read)
    return { dockerfile: read.dockerfile, lintFile: await createLintFile(read.dockerfile, { ...read, isContext }) };
  // The lines of a build program are not those of a Dockerfile.
  const isDockerfile = description.language === 'Dockerfile';
  const dockerfile = await parseInTurns(isDockerfile ? source.text : '', source.filename, turns.pass);
  const isReadable = isDockerfile && failure === undefined;
  return { dockerfile, lintFile: isReadable ? await createLintFile(dockerfile, { isContext }) : undefined };
}

/** The graph that the build solves. */
interface MadeGraph {
  /** An error if it cannot be made; undefined if the build fails before. */
  readonly graph: Definition | Error | undefined;
  /** The sources that it takes and that are not there. */
  readonly missing: readonly MissingSource[];
}

async function makeGraph({ lowered }: FrontendRun, { locals }: DaemonlessOptions, turns: Turns): Promise<MadeGraph> {
  const graph = lowered && marshalStages(lowered.stages);
  if (!(graph instanceof Definition)) return { graph, missing: [] };
  await turns.pass();
  return { graph, missing: await missingSources(graph, locals, turns) };
}

/** The findings of the frontend, and those that only this check makes. */
async function findingsOf(
  { findings, lowered }: FrontendRun,
  { dockerfile, lintFile }: DockerfileText,
  unknownImages: ReadonlySet<string>,
  options: DaemonlessOptions,
): Promise<Diagnostic[]> {
  return [
    ...variableFindings(lintFile, findings, lowered, unknownImages, options),
    ...(lowered ? misspelledImages(lowered) : []),
    ...findAdvice(dockerfile),
    ...(await crlfScripts(dockerfile, options)),
  ];
}

/** The findings with those of tsfront's rules, as they are reported: at their levels, with fixes and hints. */
function reportedFindings(
  { failure }: FrontendRun,
  { dockerfile, lintFile }: DockerfileText,
  found: readonly Diagnostic[],
  unknownImages: ReadonlySet<string>,
  options: CheckOptions,
): Diagnostic[] {
  const isWhole = failure === undefined && !options.opts['target'] && unknownImages.size === 0;
  const all = completeFindings(lintFile ?? dockerfile, addFixes(dockerfile, found), {
    config: options.lint,
    isJudged: (code) => isWhole && !buildDecides.has(code),
  });
  return all.map(withDefaultHint);
}

/** The errors that fail the build: in the frontend, in the graph, and for missing sources. */
async function buildErrors(
  { failure, source }: FrontendRun,
  { dockerfile }: DockerfileText,
  { graph, missing }: MadeGraph,
  options: DaemonlessOptions,
): Promise<Diagnostic[]> {
  return [
    ...(failure === undefined ? [] : addFixes(dockerfile, failures(failure, source))),
    ...(graph instanceof Error
      ? [errorDiagnostic('build', graph.message, explainStrayBytes(source, graph.message))]
      : []),
    ...addFixes(dockerfile, await withHints(missingSourceProblems(dockerfile, missing), missing, options)),
  ];
}

/** The findings of the frontend, with those about variables that it leaves to shells, in stages that can be judged. */
function variableFindings(
  file: LintFile | undefined,
  findings: readonly Diagnostic[],
  lowered: Lowered | undefined,
  unknownImages: ReadonlySet<string>,
  options: DaemonlessOptions,
): Diagnostic[] {
  if (!file) return findings.filter(({ code }) => unknownImages.size === 0 || code !== 'UndefinedVar');
  const judged = judgedStages(file, unknownImages);
  const checkOptions = options.opts['build-arg:BUILDKIT_DOCKERFILE_CHECK'];
  return [
    ...(unknownImages.size === 0 ? findings : onlyJudged(findings, file, judged)),
    ...findUnsetInRun(file, lowered, judged, checkOptions),
  ];
}

function isNamedContext(options: DaemonlessOptions, name: string): boolean {
  try {
    return hasNamedContext(options, name);
  } catch {
    return false; // not the name of an image, which the frontend reports
  }
}

/** Findings that depend on more than the Dockerfile: another build of it may have them. */
const buildDecides: ReadonlySet<WarningCode> = new Set<WarningCode>([
  'CarriageReturn',
  'CopyIgnoredFile',
  'IgnoreHabit',
  'InvalidBaseImagePlatform',
  'InvalidDefaultArgInFrom',
  'OtherFrontend',
  'ProgramLog',
  'RedundantTargetPlatform',
  'UndefinedVar',
  'UnknownImage',
]);

/** The first error that fails a build. */
function firstError(
  { failure, source }: FrontendRun,
  { dockerfile }: DockerfileText,
  { graph, missing: [missing] }: MadeGraph,
): LintError | undefined {
  if (failure !== undefined) return lintError(withoutWrongGuesses(failure, dockerfile, source));
  if (graph instanceof Error) return { message: graph.message, location: {} };
  return missing && { message: missingSourceMessage(missing), location: located(missing.lines) };
}

/** The same error without guesses that are wrong. */
function withoutWrongGuesses(failure: unknown, dockerfile: Dockerfile, source: SourceFile): unknown {
  const [first, ...others] = addFixes(dockerfile, described(failure).diagnostics).map((it) => ({
    ...it,
    message: withOneGuess(it.message, it),
  }));
  return new DiagnosticError([first!, ...others], { cause: failure, source });
}

/** One error of the one that fails the build and of all others. */
function joinErrors(failure: unknown, found: readonly unknown[], source: SourceFile): unknown {
  const keyOf = ({ code, message, range, lines: [lines] }: Diagnostic) =>
    `${code} ${range?.start ?? ''} ${lines?.start ?? ''} ${message}`;
  const [first] = described(failure).diagnostics;
  const seen = new Set([keyOf(first)]);
  const others = found
    .flatMap((error) => described(error).diagnostics)
    .filter((it) => {
      const key = keyOf(it);
      return !seen.has(key) && seen.add(key);
    });
  return new DiagnosticError([first, ...others], { cause: failure, source, others: found });
}

const described = (error: unknown) => describeError(error, 'build', { hint: unavailableHint(error) });

/** The errors of a build that failed in the frontend. */
function failures(failure: unknown, source: SourceFile): Diagnostic[] {
  const { diagnostics } = described(failure);
  return diagnostics.map((it) => withRange({ ...it, message: redactCredentials(it.message) }, source));
}

/** Images that are nowhere known, and whose names look like those of stages. */
function misspelledImages({ unknownImages }: Lowered): Diagnostic[] {
  return unknownImages.flatMap(({ name, similar, range }) => {
    const bare = name.replace(/[:@].*$/, '');
    if (similar === undefined || bare === similar || name.length < minLength) return [];
    const message = `${name} is not a stage, and no image of that name is known (did you mean ${similar}?)`;
    return [warningDiagnostic('UnknownImage', message, { range, lines: [], facts: { name, meant: similar } })];
  });
}

/** After a here-document without an end, what is an instruction is a guess: nothing is changed there. */
function withoutGuessedFixes(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  const heredoc = problems.find(({ code }) => code === 'unterminated-heredoc')?.range;
  if (!heredoc) return problems;
  return problems.map(({ fix, ...problem }) => {
    const isCertain = problem.file || !problem.range || problem.range.start <= heredoc.start;
    return fix && isCertain ? { ...problem, fix } : problem;
  });
}

async function withHints(
  problems: readonly Diagnostic[],
  missing: readonly MissingSource[],
  { locals, opts }: DaemonlessOptions,
): Promise<Diagnostic[]> {
  const asked = missing.map((it, index) => ({ ...it, path: problems[index]!.facts?.name ?? it.path }));
  const hints = await missingSourceHints(asked, locals, opts?.['filename']);
  return problems.map((problem, index) => {
    const hint = hints[index];
    return hint === undefined ? problem : { ...problem, hint };
  });
}

/** `context` is undefined if it is not known: a Dockerfile on its own may be built with any context. */
function contextOf({ locals, opts }: DaemonlessOptions) {
  const context = locals.get('context');
  return {
    context: context?.partial ? undefined : context,
    dockerfile: locals.get('dockerfile'),
    filename: opts['filename'] ?? defaultDockerfileName,
  };
}

async function crlfScripts(parsed: Dockerfile, options: DaemonlessOptions): Promise<Diagnostic[]> {
  const { context, dockerfile, filename } = contextOf(options);
  return context ? findCrlfScripts(parsed, context, await findIgnoreFile(context, dockerfile, filename)) : [];
}

async function ignoreFileAdvice(options: DaemonlessOptions): Promise<{ file?: SourceFile; advice?: IgnoreAdvice }> {
  const { context, dockerfile, filename } = contextOf(options);
  const file = await readIgnoreFile(context, dockerfile, filename);
  if (!file) return {};
  const names = context && (await contextNames(context, patternsOf(file.text)));
  return { file, advice: findIgnoreAdvice(file, names) };
}

function patternsOf(text: string): string[] {
  try {
    return parseDockerignore(text);
  } catch {
    return []; // the frontend reports it
  }
}

/** Shorter names resemble each other too easily. */
const minLength = 4;

/** Gives a diagnostic that has only lines their range. */
function withRange(diagnostic: Diagnostic, source: SourceFile): Diagnostic {
  const [lines] = diagnostic.lines;
  return { ...diagnostic, range: diagnostic.range ?? (lines && linesRange(source, lines)) };
}
