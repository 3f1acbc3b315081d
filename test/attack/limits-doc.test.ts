/** docs/limits.md states the limits that the sources have: each row is compared with the constants behind it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

type Unit = 'bytes' | 'ms' | 'count';
type Constant = readonly [file: string, name: string, unit: Unit];

/** The constants of a row, in the order of its limits, by the beginning of what it is about. */
const behind: Readonly<Record<string, readonly Constant[]>> = {
  'characters of a document': [['parser/reparse.ts', 'maxLength', 'count']],
  'problems that are shown of a document': [['lsp/diagnostics.ts', 'maxProblems', 'count']],
  'completions that': [['lsp/features/completion.ts', 'maxItems', 'count']],
  'time of an analysis': [['lsp/analysis-thread.ts', 'patienceMs', 'ms']],
  'time in which the context': [['lsp/analysis.ts', 'maxMs', 'ms']],
  'a record that': [['cli/commands/graph.ts', 'maxRecordBytes', 'bytes']],
  'a line': [['parser/line-limit.ts', 'bufferSize', 'bytes']],
  'a Dockerfile of `build`': [['daemonless/locate-context.ts', 'maxDockerfileBytes', 'bytes']],
  'a Dockerfile or an ignore file of `check`': [['daemonless/locate-context.ts', 'maxDockerfileBytes', 'bytes']],
  'instructions that `check` reads': [['parser/past-errors.ts', 'maxInstructions', 'count']],
  'instructions of a Dockerfile': [['parser/lexer.ts', 'maxInstructions', 'count']],
  'words of a Dockerfile': [
    ['parser/word-limit.ts', 'maxWords', 'count'],
    ['parser/word-limit.ts', 'maxFlags', 'count'],
  ],
  'names of images': [['daemonless/unknown-images.ts', 'maxNames', 'count']],
  'files of a directory of `context`': [
    ['context/context-tree.ts', 'maxNodes', 'count'],
    ['context/context-tree.ts', 'maxNotSent', 'count'],
  ],
  'entries of the directories': [['daemonless/find-dockerfiles.ts', 'maxEntries', 'count']],
  'lines that a difference': [['cli/unified-diff.ts', 'maxChangedLines', 'count']],
  'patterns of each kind': [['context/propose-ignore.ts', 'maxPatterns', 'count']],
  'files of a context whose digests a record': [
    ['explain/make-record.ts', 'maxFiles', 'count'],
    ['explain/make-record.ts', 'maxPaths', 'count'],
  ],
  'files that `explain`': [['explain/file-causes.ts', 'maxFileCauses', 'count']],
  'files of a context whose digests are kept': [
    ['explain/digest-cache.ts', 'maxFiles', 'count'],
    ['explain/digest-cache.ts', 'maxContexts', 'count'],
    ['explain/digest-cache.ts', 'maxTotalBytes', 'bytes'],
  ],
  'variables that `explain`': [['explain/compare-builds.ts', 'maxVariables', 'count']],
  'a record or compiled': [['cli/explain-command/explained-side.ts', 'maxFileBytes', 'bytes']],
  'rows of a table of `context`': [['cli/context-report.ts', 'maxRows', 'count']],
  'a word with': [['parser/words.ts', 'maxExpanded', 'bytes']],
  'growth of all words': [['parser/words.ts', 'characters', 'bytes']],
  'nesting of substitutions': [['parser/words.ts', 'maxDepth', 'count']],
  'comparisons for': [['parser/words.ts', 'comparisons', 'count']],
  'pairs of names': [['buildkit-rules/linter.ts', 'maxComparisons', 'count']],
  'characters of one command': [['lint/shell/parse-shell.ts', 'maxText', 'count']],
  'ports of one': [['lower/dispatch/expose.ts', 'maxPorts', 'count']],
  'lines that the places': [
    ['gateway/error-status.ts', 'maxListedLines', 'count'],
    ['gateway/error-status.ts', 'maxPlaces', 'count'],
  ],
  'images that are asked': [['gateway/resolve-cache.ts', 'maxAtATime', 'count']],
  'image configs of': [['gateway/resolve-cache.ts', 'maxConfigs', 'bytes']],
  'instructions that ONBUILD': [['lower/triggers.ts', 'maxTriggers', 'count']],
  'text of all histories': [['lower/image-history.ts', 'characters', 'bytes']],
  'ops of a graph': [['llb/marshal.ts', 'maxBytes', 'bytes']],
  'lines that the ops': [
    ['llb/source-map.ts', 'maxRanges', 'count'],
    ['llb/source-map.ts', 'maxFurtherRanges', 'count'],
  ],
  'lines that an error': [['gateway/error-status.ts', 'maxErrorLines', 'count']],
  'lines of all warnings': [
    ['gateway/warner.ts', 'maxLines', 'count'],
    ['gateway/warner.ts', 'maxFurtherLines', 'count'],
  ],
  'copies of the Dockerfile': [['gateway/warner.ts', 'maxSourceBytes', 'bytes']],
  'the answer of `frontend.lint`': [
    ['rpc/framing.ts', 'maxMessageBytes', 'bytes'],
    ['gateway/subrequests/lint.ts', 'maxListed', 'count'],
    ['gateway/subrequests/lint.ts', 'maxLines', 'count'],
  ],
  'errors and warnings': [['cli/problems.ts', 'maxShown', 'count']],
  'warnings that are shown': [['client/progress/source-excerpt.ts', 'maxWarnings', 'count']],
  'what is allowed and': [['lint/advice.ts', 'maxFound', 'count']],
  'errors with a hint': [['parser/hints/explain-diagnostics.ts', 'maxExplained', 'count']],
  'files looked at for CR LF': [
    ['daemonless/find-crlf-scripts.ts', 'maxFiles', 'count'],
    ['daemonless/find-crlf-scripts.ts', 'startBytes', 'count'],
    ['daemonless/find-crlf-scripts.ts', 'maxDirs', 'count'],
  ],
  'names of a context': [['daemonless/context-names.ts', 'maxNames', 'count']],
  'memory of the program': [
    ['../engine/memory.h', 'MEMORY_LIMIT ((size_t)', 'bytes'],
    ['../engine/host.c', 'STACK_SIZE ((size_t)', 'bytes'],
  ],
  'modules of a program': [
    ['gateway/program/load-modules.ts', 'maxModules', 'count'],
    ['gateway/program/load-modules.ts', 'maxBytes', 'bytes'],
  ],
  'files that one `glob`': [['gateway/program/answer-question.ts', 'maxFiles', 'count']],
  'questions of a build program': [['gateway/program/run-program.ts', 'maxQuestions', 'count']],
  'lines of `console.log`': [
    ['build-program/console.ts', 'maxLines', 'count'],
    ['build-program/console.ts', 'maxLength', 'count'],
  ],
  'lines that a run writes to its console': [['build-program/console.ts', 'maxWritten', 'count']],
  'steps of a build program in the command': [
    ['host/program-worker.ts', 'maxSteps', 'count'],
    ['host/program-engine.ts', 'maxRunMs', 'ms'],
    ['host/program-worker.ts', 'maxMemoryBytes', 'bytes'],
    ['host/program-worker.ts', 'maxStackBytes', 'bytes'],
  ],
  'steps of a build program in the frontend': [
    ['../engine/program.c', 'MAX_STEPS', 'count'],
    ['../engine/program.c', 'MAX_CPU_MS', 'ms'],
    ['../engine/memory.h', 'PROGRAM_MEMORY ((size_t)', 'bytes'],
    ['../engine/program.c', 'PROGRAM_STACK ((size_t)', 'bytes'],
  ],
  'lines of a problem': [
    ['diagnostic/code-frame.ts', 'maxLines', 'count'],
    ['diagnostic/code-frame.ts', 'maxWidth', 'count'],
    ['diagnostic/code-frame.ts', 'maxMessage', 'count'],
  ],
  'lines that are quoted by `build`': [
    ['client/progress/source-excerpt.ts', 'maxQuotedLines', 'count'],
    ['client/progress/source-excerpt.ts', 'maxLine', 'count'],
  ],
  'an http request without': [['http/request.ts', 'patienceMs', 'ms']],
  'attempts of': [['http/request.ts', 'attempts', 'count']],
  'bytes a second': [['http/request.ts', 'minRate', 'count']],
  'an http request, all': [['http/request.ts', 'totalMs', 'ms']],
  'a token of a registry': [['registry/token.ts', 'maxTotalMs', 'ms']],
  redirects: [['http/request.ts', 'maxRedirects', 'count']],
  'the answer of a token service': [['registry/token.ts', 'maxAnswerBytes', 'bytes']],
  'a manifest; an image config': [
    ['oci/manifest.ts', '{ manifest', 'bytes'],
    ['oci/manifest.ts', ' config', 'bytes'],
  ],
  'entries of an index': [
    ['oci/manifest.ts', 'maxEntries', 'count'],
    ['oci/manifest.ts', 'maxNesting', 'count'],
  ],
  'levels of a manifest': [['oci/json-object.ts', 'maxDepth', 'count']],
  'a table of images': [['cli/open-build.ts', 'maxImagesBytes', 'bytes']],
  'the index of a layout': [['client/session/layout-index.ts', 'maxJsonBytes', 'bytes']],
  'a file or an archive from the web': [['daemonless/open-remote-sources.ts', 'maxDownload', 'bytes']],
  'a lock': [
    ['lock/lock-file.ts', 'maxLockLength', 'bytes'],
    ['daemonless/lock/resolve-source.ts', 'maxFileBytes', 'bytes'],
  ],
  'what an archive unpacks to': [
    ['archive/decompress.ts', 'maxPlainBytes', 'bytes'],
    ['archive/decompress.ts', 'maxFrames', 'count'],
    ['host/node.ts', 'maxXzMemory', 'bytes'],
  ],
  'fetching a git': [['daemonless/git-command.ts', 'gitTimeoutMs', 'ms']],
  'asking git': [['cli/build-command/git-provenance.ts', 'gitTimeoutMs', 'ms']],
  'links on the way': [['system/read-inside.ts', 'maxLinks', 'count']],
  'a credential helper': [
    ['registry/docker-config.ts', 'helperTimeoutMs', 'ms'],
    ['registry/docker-config.ts', 'helperOutputBytes', 'bytes'],
  ],
  'output of another program': [
    ['system/subprocess.ts', 'defaultOutputBytes', 'bytes'],
    ['system/subprocess.ts', 'stderrBytes', 'bytes'],
  ],
  'a program that was told': [['system/subprocess.ts', 'graceMs', 'ms']],
  'a compiled graph': [['cli/build-command/compiled-input.ts', 'maxInputBytes', 'bytes']],
  'Docker’s configuration': [['system/named-file.ts', 'maxSettingsBytes', 'bytes']],
  'a secret': [['client/session/secrets.ts', 'maxSecretBytes', 'bytes']],
  'a message of an SSH agent': [
    ['client/session/ssh-agent.ts', 'maxAgentMessageBytes', 'bytes'],
    ['client/session/ssh-keys.ts', 'maxKeyBytes', 'bytes'],
  ],
  'a message of a call': [['rpc/framing.ts', 'maxMessageBytes', 'bytes']],
  'headers of a call': [['rpc/hpack.ts', 'maxHeaderBytes', 'bytes']],
  'headers of all calls': [['rpc/http2-server.ts', 'maxHeadersBytes', 'bytes']],
  'calls of a session': [
    ['rpc/http2-server.ts', 'maxStreams', 'count'],
    ['rpc/http2-server.ts', 'maxWaitingBytes', 'bytes'],
  ],
  connecting: [['client/connect.ts', 'options.timeout ??', 'ms']],
  'connections to one daemon': [['rpc/connections.ts', 'maxConnections', 'count']],
  'silence of a daemon in': [['client/connect/patience.ts', 'patienceMs', 'ms']],
  'silence of a Docker engine': [['client/connect/patience.ts', 'patienceMs', 'ms']],
  'the first answer to the frontend': [
    ['gateway/grpc-bridge.ts', 'pingTimeoutMs', 'ms'],
    ['client/in-process-frontend.ts', 'startTimeoutMs', 'ms'],
  ],
  'a daemon that only has to look': [['client/connect.ts', 'answerMs', 'ms']],
  'silence of a daemon that runs': [['rpc/unary.ts', 'defaultSilenceMs', 'ms']],
  'a daemon that only has to note': [['gateway/grpc-bridge.ts', 'noteTimeoutMs', 'ms']],
  'reports after the end': [
    ['client/solve.ts', 'statusGraceMs', 'ms'],
    ['client/solve.ts', 'statusLimitMs', 'ms'],
  ],
  'reports of builds': [
    ['client/daemon.ts', 'maxRecords', 'count'],
    ['client/daemon.ts', 'maxBlobBytes', 'bytes'],
    ['client/daemon.ts', 'listMs', 'ms'],
  ],
  'files of an export': [
    ['client/fsutil/receiver.ts', 'requests', 'count'],
    ['client/fsutil/receive.ts', 'writeAheadBytes', 'bytes'],
  ],
  'lines of a step’s output': [
    ['client/status.ts', 'maxLogLines', 'count'],
    ['client/status.ts', 'lineLength', 'count'],
  ],
  'output of a container': [['client/container.ts', 'unreadBytes', 'bytes']],
  'after a second signal': [['cli/interrupt.ts', 'hurryMs', 'ms']],
};

/** The number that a source file gives a name: `NAME = 16 << 20`, `NAME: 500_000`, `name ?? 8000`. */
function numberOf(file: string, name: string): number {
  const escaped = name.replace(/[.?{()]/g, '\\$&');
  const found = new RegExp(`(?<!\\w)${escaped}\\s*[=:]?\\s*(\\d[\\d_]*(?: (?:<<|\\*\\*?) \\d[\\d_]*)*)`).exec(
    read(`src/${file}`),
  );
  if (!found) throw new Error(`src/${file} has no number ${name}`);
  return runInNewContext(found[1]!) as number;
}

function shown(value: number, unit: Unit): string {
  if (unit === 'count') return value.toLocaleString('en-US');
  if (unit === 'ms') return value > 120_000 ? `${value / 60_000} min` : `${value / 1000} s`;
  const power = Math.min(3, Math.floor(Math.log2(value) / 10 + 0.001));
  return `${value / 2 ** (10 * power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

const rows = read('docs/limits.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (what +\||-)/.test(line))
  .map(
    (line) => line.split(/(?<!\\) *\| */).slice(1, -1) as [what: string, limit: string, beyond: string, change: string],
  );

const isOfOurs = ([what]: readonly string[]) => what !== 'JSON of a graph'; // V8 decides

test.each(rows)('the page says what happens beyond the limit of %s', (_what, _limit, beyond) => {
  expect(beyond).not.toBe('');
});

test.each(rows.filter(isOfOurs))('%s: the limit on the page, %s, is that of the sources', (what, limit) => {
  const [key, ...others] = Object.keys(behind).filter((name) => what.replace("'", '’').startsWith(name));
  expect([key, others]).toEqual([expect.any(String), []]);
  expect(limit).toBe(behind[key!]!.map(([file, name, unit]) => shown(numberOf(file, name), unit)).join('; '));
});

test('each constant has a row', () => {
  const missing = Object.keys(behind).filter((name) => !rows.some(([what]) => what.replace("'", '’').startsWith(name)));
  expect(missing).toEqual([]);
});
