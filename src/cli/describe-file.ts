/** Says what a file is that an option cannot use, so that an error can name what was given. */

/** The JSON documents that commands write, by members that only they have. */
const documents: readonly (readonly [what: string, members: readonly string[]])[] = [
  ['the record of a build, which `tsfront explain --from` takes', ['platforms', 'buildArgs']],
  ['an explanation, which `tsfront graph --explain` takes', ['steps', 'valuesCompared']],
  ['a compiled build, which `tsfront solve` takes', ['def', 'metadata']],
  ['a graph of `tsfront graph --format json`', ['platforms', 'files']],
];

/** What a text is, if a command has written it: `the record of a build, …`; undefined for others. */
export function describeFile(text: string): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const value = parsed(text) ?? parsed(text.split('\n', 1)[0]!);
  if (value === undefined) return undefined;
  if (Array.isArray(value['vertexes']) || Array.isArray(value['statuses']))
    return 'the progress of a build, which `tsfront graph --record` takes';
  return documents.find(([, members]) => members.every((name) => name in value))?.[0];
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
