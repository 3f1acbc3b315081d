/** The ways out that depend on the message of a problem, and not on the text around it. */
import type { DiagnosticCode } from './codes.ts';

type MessageHint = readonly [message: RegExp, hint: string];

/** The options of mounts that take a value; the other names of some of them are in {@link mountKeys}. */
const listedMountKeys =
  'type, from, source, target, readonly, readwrite, id, sharing, required, size, mode, uid, gid and env';

/** What `=VALUE` may follow. */
const mountKeys = [...listedMountKeys.split(/, | and /), 'src', 'dst', 'destination'];

const mountHints: readonly MessageHint[] = [
  [
    /^invalid mount target /,
    'Write a directory below /, such as target=/data: a mount cannot replace the whole image.',
  ],
  [/^invalid value .* for ([ug]id)$/s, 'Write $1= with a number: names of users and groups are not known here.'],
  [/^invalid value .* for mode$/s, 'Write octal digits, such as mode=0400.'],
  [/^invalid value for size: /, 'Write a number of bytes, or a number with a unit, such as size=64m.'],
  [/^invalid value for (\w+): /, 'Write $1=true or $1=false, or $1 alone.'],
  [/^invalid field '' must be /, 'Remove the comma that nothing follows or precedes, or write an option there.'],
  [
    new RegExp(`^invalid field '(${mountKeys.join('|')})' must be `, 'i'),
    'Write $1=VALUE. Without a value there are only readonly, readwrite and required.',
  ],
  [/^invalid field '.*' must be /s, `Write one of the options with its value: ${listedMountKeys}.`],
  [/^unexpected key '(required)' for /, 'Remove $1, or write type=secret or type=ssh before it.'],
  [/^unexpected key '(size)' for /, 'Remove $1, or write type=tmpfs before it.'],
  [/^unexpected key '.*' in /s, `The options are ${listedMountKeys}.`],
  [/^unsupported mount type /, 'The types are bind, cache, secret, ssh and tmpfs.'],
  [/^unsupported sharing value /, 'The values are shared, private and locked.'],
  [/^(\w+) not allowed for "(\w+)" type mounts$/, 'Remove $1: a mount of type $2 has none.'],
  [/^secret mount should not have a from$/, 'Remove from: secrets are given to the build, as with --secret.'],
  [/ should not define sharing$|^invalid cache sharing set for /, 'Remove sharing: only caches are shared.'],
  [/one of source, target required$/, 'Write id= with the name that the secret has in --secret.'],
  [/^both source and id can't be set$/, 'Remove one of the two: both name the secret.'],
  [/^ssh does not support source$/, 'Remove source. id= names an agent that the build is given with --ssh.'],
  [
    /^failed to parse csv /,
    'Separate the options with commas, and put an option that contains a comma or a quote in double quotes.',
  ],
  [
    /doesn't support variable expansion, define /,
    'Define a stage with FROM and the variable, and name that stage here.',
  ],
];

const hints: Readonly<Partial<Record<DiagnosticCode, readonly MessageHint[]>>> = {
  'bad-mount': mountHints,
  'bad-substitution': [
    [
      /^(?:failed to process .*: )?([A-Za-z_]\w*): /s,
      'Give $1 a value, with ARG, ENV or --build-arg: the word fails without one.',
    ],
    [
      /unsupported modifier /,
      'Write one of ${name:-word}, ${name:+word}, ${name:?word}, ${name#pattern}, ${name%pattern} and ${name/pattern/text}.',
    ],
  ],
  'bad-checksum': [
    [
      /^(?:invalid checksum digest|unsupported digest)/,
      'Write sha256: followed by the 64 hexadecimal digits of the file.',
    ],
    [/^checksum mismatch /, 'Remove one of the two: --checksum and the address name different commits.'],
    [/^checksum requires /, 'Remove --checksum: a file of the context has none.'],
  ],
  'bad-instruction': [
    [/^ref conflicts: /, 'Name one branch, tag or commit: after #, or in the query with ref, tag or branch.'],
    [/^subdir conflicts: /, 'Name the directory once: after # and a colon, or in the query with subdir.'],
    [/^branch conflicts with tag$/, 'Remove one of the two from the query.'],
    [/^query "([\w-]+)" has multiple values$/, 'Write $1 once.'],
    [/^query "([\w-]+)" has no value$/, 'Write $1=VALUE, or remove it.'],
    [
      /^unexpected query /,
      'The query of a repository may have ref, tag, branch, subdir, checksum, commit, keep-git-dir, submodules, fetch-by-commit and mtime.',
    ],
    [/^invalid mtime value: /, 'Write mtime=checkout or mtime=commit.'],
    [/^invalid ([\w-]+) value: /, 'Write $1=true or $1=false, or $1 alone.'],
  ],
  'bad-source': [
    [/^inconsistent keep-git-dir /, 'Write keep-git-dir in one place: as a flag for all sources, or in an address.'],
  ],
  'bad-stage-name': [
    [
      /^invalid context name /,
      'End the name with a letter or a digit, and write no two of the other characters in a row.',
    ],
  ],
  InvalidDefaultArgInFrom: [
    [
      /^Default value for ARG [^$]* results /s,
      'No ARG is in this name. Write a valid one, such as registry.example.com/app:1.2: names are in lower case, and a digest is sha256: with 64 digits.',
    ],
  ],
  'bad-arguments': [
    [/ requires exactly one argument/, 'Write exactly one argument after the instruction, or remove the line.'],
    [/ requires at least one argument/, 'Write the argument of the instruction, or remove the line.'],
    [/ requires at least two arguments/, 'Write a source, a blank and the destination.'],
  ],
};

/** The hint for a message of the reference; undefined if the code alone decides. */
export function messageHint(code: DiagnosticCode, message: string): string | undefined {
  for (const [pattern, hint] of hints[code] ?? []) {
    const found = pattern.exec(message);
    if (found) return hint.replace(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? '');
  }
  return undefined;
}
