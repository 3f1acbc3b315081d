/**
 * GitHub Actions reads commands out of the output of programs: lines that begin with `::`, and `##[` wherever it
 * stands. What comes from a Dockerfile or a daemon must never be one; what we say to the runner is made here.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the output is read by a runner of GitHub Actions. */
export function isGitHubActions(env: Environment): boolean {
  return env['GITHUB_ACTIONS'] === 'true';
}

/** Whole lines of a text that is not ours, with a space in what the runner would take for a command. */
export function withoutCommands(text: string): string {
  return withoutMarkers(text).replace(/^(\s*:):/gm, '$1 :');
}

/**
 * The same for text to which something is put at the start of each line, so that only `##[` can be a command. A
 * carriage return ends a line for the runner: it becomes a line feed.
 */
export function withoutMarkers(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('##[', '# #[');
}

/** The end of a text that may belong to a marker or a line break which the next one completes. */
export const unfinishedMarker = /(?:#+|\r)$/;

/** A line that the runner takes for a command, such as `::group::title` or `::warning file=a,line=1::message`. */
export function workflowCommand(
  name: string,
  message: string,
  properties: Readonly<Record<string, string>> = {},
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escaped(value).replace(/[:,]/g, encode)}`);
  return `::${name}${given.length > 0 ? ` ${given.join(',')}` : ''}::${escaped(message)}\n`;
}

function escaped(text: string): string {
  return text.replace(/[%\r\n]/g, encode);
}

function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
