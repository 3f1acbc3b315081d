/**
 * Frontend options as flags. A hint of the frontend names them, in backticks, as a caller of the library or of BuildKit
 * gives them. Users of `docker build` and of the command line give flags.
 */

/** The flag for each frontend option with a name of the user's. */
const flags: Readonly<Record<string, (name: string) => string>> = {
  'build-arg': (name) => `--build-arg ${name}=VALUE`,
  context: (name) => `--build-context ${name}=…`,
  attest: (name) => `--${name}`,
};

/** The text with flags of `docker build`, which those of `tsfront` equal, instead of frontend options. */
export function inBuildFlags(text: string): string {
  return text
    .replace(/`(build-arg|context|attest):([^`\s]+)`/g, (_, option: string, name: string) => flags[option]!(name))
    .replace(/`target`/g, '--target');
}
