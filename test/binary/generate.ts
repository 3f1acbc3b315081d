/**
 * Builds that a seed makes: what may come out differently on two engines is more frequent in them than in real ones.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mutate } from '../attack/fuzz/mutate.ts';
import type { Random } from '../attack/fuzz/random.ts';
import { type GoldenCase, goldenNames, readCase } from '../golden/cases.ts';
import { images } from '../golden/lib/images.mjs';
import { bzip2Archive, tarArchive } from './archives.ts';

/** Makes a build. */
export function generateBuild(random: Random): GoldenCase {
  const kind = random.below(100);
  if (kind < 30) return changedCase(random);
  if (kind < 60) return newBuild(random, validDockerfile(random));
  if (kind < 85) return newBuild(random, oddDockerfile(random));
  if (kind < 92) return archiveBuild(random);
  return largeBuild(random);
}

const goldens = goldenNames().map(readCase);
const parts = goldens.flatMap(({ files }) => [...files.values()].map((body) => Buffer.from(body)));

function changedCase(random: Random): GoldenCase {
  const { forward: _, ...golden } = random.pick(goldens);
  const files = new Map(golden.files);
  for (const [name, body] of files)
    if (random.chance(name.endsWith('Dockerfile') ? 0.9 : 0.4))
      files.set(name, mutate(random, Buffer.from(body), parts));
  return { ...golden, files, opts: { ...golden.opts, ...(random.chance(0.3) ? oddOptions(random) : {}) } };
}

const instructions =
  'FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL'.split(
    ' ',
  );
const bases = [
  ...Object.keys(images).map((name) => name.replace(/^docker\.io\/(library\/)?/, '')),
  'scratch',
  'base',
  'a',
];
const stages = ['base', 'a', 'Build', 'ſtage', 'x-1', '1x', 'scratch', 'a'];
const platforms = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v7',
  'windows/amd64',
  'windows(10.0.20348)/amd64',
  '$TARGETPLATFORM',
  '${BUILDPLATFORM}',
  'linux/ARM64/V8',
  'Linux',
  'ſ390x',
  'linux/amd64/v2,linux/arm64',
  'linux(+b+a)/amd64',
];
const numbers = [
  '0',
  '-0',
  '00',
  '010',
  '0x1F',
  '0b1',
  '0o17',
  '1_000',
  '1e3',
  '1e400',
  '1.5',
  '.5',
  '5.',
  '+1',
  '-1',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '١',
  '1٠',
  '8k',
  '1.0000001GB',
  '0.1',
  '1e21',
  'Inf',
  'NaN',
  '0x1p-2',
  '1h',
  '1.5h2m0.0001s',
  '100ns',
  '9µs',
  '9μs',
  '-1s',
  '2562047h47m17s',
];
const unicode = [
  'é',
  'e\u0301',
  'ß',
  'ẞ',
  'ſ',
  'K',
  'İ',
  'ı',
  'ǅ',
  'ᾳ',
  'ŉ',
  'ﬁ',
  'Σς',
  '\u0345',
  'Ა',
  'ა',
  'Ꭰ',
  'ꭰ',
  'ꟊ',
  '𐐀',
  '𐐨',
  '𞤀',
  '漢',
  '\u{20000}',
  '\u{1f600}',
  '👩‍👩‍👧',
  '\u{1fae9}',
  '\u{10ffff}',
  '\ufeff',
  '\u00a0',
  '\u0085',
  '\u2028',
  '\u3000',
  '\u180e',
  '\u200b',
  '\u202e',
  '\u00ad',
  '\ufffd',
  '\u0378',
  '\u{e0001}',
  '“',
  '”',
  '–',
  'А',
  'Ο',
  '٣',
  '१',
  '㉈',
  'ⅷ',
  'ᲀ',
  'Ɤ',
  '\x00',
  '\x7f',
  '\x1b[0m',
  '\u0301',
  '\u{16105}',
  '\ua7dc',
];
const variables = [
  '$A',
  '${A}',
  '${A:-x}',
  '${A:+$B}',
  '${A-é}',
  '${A:?no}',
  '${A?}',
  '${A#*/}',
  '${A##*[!a-z]}',
  '${A%.*}',
  '${A%%[[:alpha:]]*}',
  '${A/b/x}',
  '${A//[^a-zé]/$0}',
  '${A//?/-}',
  '${A/%\\}/x}',
  '${Ä}',
  '$Ä',
  '${𐐀}',
  '$1',
  '$@',
  '$',
  '${',
  '${A',
  '${A:',
  '${}',
  '$٣',
  '${٣}',
  '\\$A',
  '$$',
  '${A:-${B:-${C}}}',
  '$A_ſ',
];
const quotes = [
  "'a b'",
  '"a $A b"',
  '"',
  "'",
  '"\\""',
  "'\\'",
  '\\ ',
  '\\',
  '`',
  '""',
  "''",
  '"\\\\"',
  '[',
  ']',
  '["a"]',
  '["a","b"]',
  '["a",]',
  "['a']",
  '[“a”]',
  '["\\u0041\\ud83d\\ude00"]',
  '["\\ud800"]',
  '["\\x"]',
  '[1]',
  '[1e400]',
  '[null]',
  '["a" "b"]',
  '[["a"]]',
  '[]',
  '{}',
];
const paths = [
  '.',
  '/',
  '..',
  '../x',
  'a',
  'a/b/../c',
  '*',
  '?',
  '[a-z]',
  '[^a-z]',
  '[!a]',
  '[z-a]',
  'a*b?c',
  '**/x',
  'x/**',
  '\\*',
  'C:\\x',
  'c:/x',
  'D:\\',
  './/a//',
  'a b',
  'é*',
  '[é-ü]',
  '[𐐀-𐐯]',
  'https://example.com/a%20b?x=1#y',
  'https://example.com:99999/x',
  'git@github.com:acme/app.git#main:sub',
  'https://github.com/acme/app.git?ref=v1&subdir=é',
  'http://user:secret@example.com/f',
  'ſ',
  '$A/x',
];
const flags = [
  '--from=base',
  '--from=0',
  '--from=$A',
  '--from=alpine:3.20',
  '--from=ſtage',
  '--chown=1:2',
  '--chown=a:é',
  '--chown=4294967296',
  '--chmod=755',
  '--chmod=u+x,go=',
  '--chmod=08',
  '--chmod=$A',
  '--link',
  '--link=false',
  '--link=maybe',
  '--parents',
  '--exclude=*.x',
  '--exclude=[',
  '--keep-git-dir=1',
  '--checksum=sha256:x',
  `--checksum=sha256:${'a'.repeat(64)}`,
  '--unpack',
  '--mount=type=cache,target=/c',
  '--mount=type=secret,id=s,required,mode=0o400',
  '--mount=type=ssh',
  '--mount=type=tmpfs,target=/t,size=1.5g',
  '--mount=type=bind,from=base,source=é,target=/x,rw',
  '--mount=type=cache,target=$A,id=é,sharing=lockd',
  '--mount=typ=x',
  '--mount="type=cache"',
  '--mount=type=secret,id=a,env=B,uid=-1',
  '--network=none',
  '--network=x',
  '--security=insecure',
  '--device=vendor.com/x=y,required',
  '--device=',
  '--platform=linux/arm64',
  '--platform=$A',
  '--interval=1.5s',
  '--timeout=1m1ms',
  '--start-period=9µs',
  '--start-interval=0.0000000001s',
  '--retries=3',
  '--retries=1e3',
  '--ſrom=x',
  '--',
  '--x',
  '--from',
  '--fro=base',
  '--linк',
  '--interval=',
  '--retries=٣',
];
const names = [
  'A',
  'B',
  'PATH',
  'TARGETARCH',
  'HTTP_PROXY',
  'SOURCE_DATE_EPOCH',
  'Ä',
  'aws_ſecret',
  'API_KEY',
  'PUBLIC_TOKEN',
  'a.b',
  '__proto__',
  'constructor',
  '10',
  '9',
  'İ',
  'BUILDKIT_SYNTAX',
  'ſecret',
  'passwd_é',
];

function word(random: Random, depth = 0): string {
  const one = (): string => {
    switch (random.below(12)) {
      case 0:
        return random.pick(unicode);
      case 1:
        return random.pick(variables);
      case 2:
        return random.pick(quotes);
      case 3:
        return random.pick(paths);
      case 4:
        return random.pick(numbers);
      case 5:
        return random.pick(names);
      case 6:
        return `${random.pick(names)}=${random.pick([...unicode, ...quotes, ...variables, ...numbers])}`;
      case 7:
        return String.fromCodePoint(codePoint(random));
      case 8:
        return String.fromCharCode(0xdc80 + random.below(0x80)); // a byte that is not UTF-8
      case 9:
        return random.pick([
          '80/tcp',
          '53/UDP',
          '8000-8010',
          '[::1]:80:80',
          '70000',
          '80/ſctp',
          'SIGTERM',
          'ſigkill',
          'sigrtmin+3',
          'NONE',
          'CMD',
          'user:group',
          'AS',
          'aſ',
          'as',
        ]);
      default:
        return 'abcdefghij'.slice(random.below(10));
    }
  };
  return random.chance(0.25) && depth < 3 ? one() + word(random, depth + 1) : one();
}

/** Any code point, of each plane as often. */
function codePoint(random: Random): number {
  const code = random.chance(0.5) ? random.below(0x3000) : random.below(0x110000);
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
}

const many = (random: Random, most: number, make: () => string): string[] =>
  Array.from({ length: random.below(most + 1) }, make);

function instruction(random: Random): string {
  let name = random.pick(instructions);
  if (random.chance(0.08))
    name = random.pick([
      'run',
      'Copy',
      'ſHELL',
      'EΧPOSE',
      'RUNN',
      'ENVİRONMENT',
      'COPY\u00a0',
      'AD',
      'stopsıgnal',
      name.toLowerCase(),
    ]);
  const given = many(random, 2, () => random.pick(flags));
  const words = many(random, 4, () => word(random));
  switch (name) {
    case 'FROM':
      return [
        name,
        ...given.slice(0, 1),
        random.pick(bases),
        ...(random.chance(0.7) ? ['AS', random.pick(stages)] : words),
      ].join(' ');
    case 'ONBUILD':
      return `${name} ${random.chance(0.2) ? word(random) : `${random.pick(instructions)} ${words.join(' ')}`}`;
    case 'HEALTHCHECK':
      return [name, ...given, random.pick(['CMD', 'NONE', 'cmd', 'CMD-SHELL', '']), ...words].join(' ');
    case 'RUN':
    case 'COPY':
    case 'ADD':
      if (random.chance(0.25)) return `${[name, ...given].join(' ')} ${heredoc(random)}`;
  }
  const text = random.chance(0.1)
    ? JSON.stringify(words.map((it) => it.toWellFormed()))
    : words.join(random.pick([' ', ' ', '  ', '\t', ' \\\n  ', ' \\\n# c\n', '\\\n']));
  return `${[name, ...given].join(' ')} ${text}`;
}

function heredoc(random: Random): string {
  const name = random.pick(['EOF', 'E', 'é', 'EOF2', 'x.y', '__proto__']);
  const start = random.pick([
    `<<${name}`,
    `<<-${name}`,
    `<<"${name}"`,
    `<<'${name}' /x`,
    `<<${name} <<B /x/`,
    `3<<${name}`,
    `<< ${name}`,
  ]);
  const lines = many(random, 4, () =>
    random.pick([word(random), `\t${word(random)}`, '#!/bin/sh', '', '  # no comment', `${word(random)} \\`]),
  );
  return [start, ...lines, random.chance(0.85) ? name : '', ...(start.includes('<<B') ? [word(random), 'B'] : [])].join(
    '\n',
  );
}

/** A word that every instruction takes. */
const validWord = (random: Random): string =>
  many(random, 3, () =>
    random.pick([
      random.pick(unicode.filter((it) => !/[\s\0\x85]/.test(it))),
      random.pick([
        '$A',
        '${A}',
        '${B:-x}',
        '${A:+$B}',
        '${A#*/}',
        '${B%.*}',
        '${A/b/x}',
        '${B//[^a-zé]/$0}',
        '"a b"',
        "'$A'",
        '\\$',
      ]),
      String.fromCodePoint(codePoint(random)).replace(/[\s\0\x85"'`\\$<]/, 'x'),
      String.fromCharCode(0xdc80 + random.below(0x80)),
      'abcdefghij'.slice(random.below(10)),
    ]),
  ).join('') || 'x';

/** An instruction that builds. */
function validInstruction(random: Random): string {
  const text = () => validWord(random);
  const texts = (most: number) => [text(), ...many(random, most, text)].join(' ');
  const owner = random.pick([
    '',
    '--chown=1:2 ',
    '--chmod=u+x,go= ',
    '--link ',
    '--exclude=*.é ',
    '--chmod=0755 --link ',
  ]);
  return random.pick<() => string>([
    () =>
      `RUN ${random.pick(['', '--mount=type=cache,target=/c,id=é ', '--mount=type=secret,id=s ', '--network=none ', '--mount=type=tmpfs,target=/t,size=1.5g ', '--mount=type=bind,from=first,target=/x '])}${texts(4)}`,
    () => `RUN ${JSON.stringify([text().toWellFormed(), text().toWellFormed()])}`,
    () => `RUN <<é\n${text()}\n\t${text()}\né`,
    () => `COPY ${owner}<<"E" <<E2 /x/\n${text()}\nE\n$A ${text()}\nE2`,
    () => `COPY ${owner}${texts(2)} /${text()}/`,
    () => `COPY --from=first ${owner}${text()} /${text()}`,
    () =>
      `ADD ${owner}${random.pick([text(), 'https://example.com/a.txt', 'https://github.com/acme/app.git#main:sub'])} /${text()}/`,
    () => `ENV ${many(random, 4, () => `${random.pick(names)}=${text()}`).join(' ') || 'C=1'}`,
    () => `ENV ${random.pick(names)} ${texts(2)}`,
    () =>
      `LABEL ${[text(), ...many(random, 9, text)].map((name, at) => `${JSON.stringify(name.toWellFormed()).replaceAll('$', '')}=${at}`).join(' ')}`,
    () => `ARG ${random.pick(names)}=${text()}`,
    () =>
      `EXPOSE ${[1, ...many(random, 5, () => '')].map(() => `${1 + random.below(65_535)}${random.pick(['', '/udp', '/TCP'])}`).join(' ')}`,
    () => `VOLUME ${[text(), ...many(random, 5, text)].join(' ')}`,
    () => `WORKDIR ${random.pick(['/', ''])}${text()}`,
    () => `USER ${text()}`,
    () => `CMD ${texts(3)}`,
    () => `ENTRYPOINT ${JSON.stringify([text().toWellFormed()])}`,
    () =>
      `HEALTHCHECK --interval=${random.pick(['1.5s', '1m1ms', '1h', '9ms', '2562047h47m16.854775807s'])} CMD ${text()}`,
    () => `STOPSIGNAL ${random.pick(['SIGTERM', '9', 'sigrtmin+3'])}`,
    () => `SHELL ${JSON.stringify([text().toWellFormed(), '-c'])}`,
    () => `MAINTAINER ${texts(2)}`,
    () => `ONBUILD RUN ${texts(2)}`,
  ])();
}

/** A Dockerfile that mostly builds. */
function validDockerfile(random: Random): string {
  const lines = [
    'ARG G=x',
    'FROM alpine AS first',
    'ARG A=x/é.b B=é/b.tar.gz',
    ...many(random, 5, () => validInstruction(random)),
  ];
  lines.push(
    `FROM ${random.pick(['first', 'busybox', 'scratch', 'postgres:16', 'example.com/team/onbuild:1'])} AS ${random.pick(['last', 'Last', 'x-1', 'base'])}`,
  );
  lines.push('ARG A=x/é.b G', ...many(random, 9, () => validInstruction(random)));
  return `${lines.join('\n')}\n`;
}

const heads = [
  '# syntax=docker/dockerfile:1',
  '# escape=`',
  '# check=error=true',
  '# check=skip=all',
  '# check=skip=StageNameCasing,UndefinedVar;experimental=all',
  '# check=ſkip=x',
  '# syntax=example.com/other',
  '#syntax = docker/dockerfile:1.99',
  '// syntax=x',
  '{"syntax":"docker/dockerfile:1"}',
  '\ufeff# escape=`',
  '#!/bin/sh',
  '# eſcape=`',
  '# İ=x',
];

function oddDockerfile(random: Random): string {
  const lines = many(random, 2, () => random.pick(heads)).filter(() => random.chance(0.4));
  if (random.chance(0.3))
    lines.push(...many(random, 3, () => `ARG ${random.pick(names)}${random.pick(['', `=${word(random)}`])}`));
  if (random.chance(0.95)) lines.push(`FROM ${random.pick(bases)} AS ${random.pick(stages)}`);
  lines.push(
    'ARG A=x B=é/b.tar.gz',
    ...many(random, 9, () =>
      random.chance(0.07) ? random.pick(['', '# c', '  # é', '\u00a0', '\t', '\\']) : instruction(random),
    ),
  );
  return lines.join(random.chance(0.9) ? '\n' : '\r\n') + random.pick(['\n', '', '\\']);
}

const ignorePatterns = [
  '*',
  '**',
  '!a',
  '!**/é',
  '#c',
  '[a-',
  '[^é]',
  '\\',
  'a\\',
  '**/[[:alpha:]]',
  '\\p{L}*',
  '\\p{Greek}',
  '\\pN',
  '\\P{^Lu}x',
  '\\p{gc=L}',
  '\\p{Script=Latin}',
  '\\p{Alphabetic}',
  '\\p{Emoji}',
  '\\d+',
  '\\w',
  '\\x{e9}',
  '\\x41',
  '\\141',
  'a{2,3}',
  'a{1001}',
  '(a|b)',
  'a|b',
  '^a$',
  '\\ba\\b',
  '\\Qa*\\E',
  '[\\d-z]',
  '[\\p{Lu}é]',
  '[[:foo:]]',
  '.',
  './/a/',
  '../a',
  'a/**/b',
  '/a',
  '!',
  ' a ',
  'É',
  'ſ',
  '\ufeffx',
  '(?i)a',
  '\\C',
  '\\k',
  '[]a]',
];

function newBuild(random: Random, dockerfile: string): GoldenCase {
  const files = new Map<string, string | Buffer>([['Dockerfile', bytes(dockerfile)]]);
  if (random.chance(0.4))
    files.set(
      '.dockerignore',
      bytes(many(random, 6, () => (random.chance(0.7) ? random.pick(ignorePatterns) : word(random))).join('\n')),
    );
  return { comment: '', files, images, opts: random.chance(0.6) ? oddOptions(random) : {} };
}

/** Escaped bytes become what they stand for. */
function bytes(text: string): Buffer {
  return Buffer.concat(
    text
      .split(/([\udc80-\udcff])(?<![\ud800-\udbff].)/)
      .map((part, at) => (at % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part))),
  );
}

function oddOptions(random: Random): Record<string, string> {
  const opts: Record<string, string> = {};
  const option = () =>
    random.pick<[string, () => string]>([
      [
        'requestid',
        () =>
          random.pick([
            'frontend.outline',
            'frontend.targets',
            'frontend.lint',
            'frontend.subrequests.describe',
            'frontend.convertllb',
            'frontend.x',
          ]),
      ],
      ['platform', () => random.pick(platforms)],
      ['target', () => random.pick(stages)],
      [`build-arg:${random.pick(names)}`, () => word(random)],
      [`label:${random.pick([...names, ...unicode])}`, () => word(random)],
      [
        'build-arg:BUILDKIT_DOCKERFILE_CHECK',
        () => random.pick(['error=true', 'skip=all', 'skip=ſ', 'experimental=all', 'x', 'error=é']),
      ],
      ['build-arg:SOURCE_DATE_EPOCH', () => random.pick([...numbers, 'context', 'base'])],
      ['build-arg:BUILDKIT_MULTI_PLATFORM', () => random.pick(numbers)],
      ['memory', () => random.pick(numbers)],
      ['cpuquota', () => random.pick(numbers)],
      ['cpusetcpus', () => random.pick(['0-3', '1,2', '٣', '0-99999', 'a', '1-', ' 1'])],
      ['shm-size', () => random.pick(numbers)],
      ['ulimit', () => random.pick(['nofile=1:2', 'nofile=2:1', 'x=1', 'core=-1', 'nofile=1e3', '"a'])],
      [
        'add-hosts',
        () =>
          random.pick(['a=1.2.3.4', 'É=::1', 'İ=::ffff:1.2.3.4', 'a=1.2.3', 'a=fe80::1%é', '"a=1.2.3.4"', 'a=1::2::3']),
      ],
      ['no-cache', () => random.pick(['', 'base', 'é,a'])],
      ['hostname', () => word(random)],
      [
        `context:${random.pick(stages)}`,
        () =>
          random.pick([
            'docker-image://alpine',
            'local:x',
            'https://example.com/x.tgz',
            'input:x',
            'x',
            'docker-image://É',
            'oci-layout://x',
          ]),
      ],
      ['attest:sbom', () => random.pick(['', 'generator=alpine', 'x'])],
      ['attest:provenance', () => random.pick(['mode=max', 'mode=é', ''])],
      [
        'cache-imports',
        () => random.pick(['[]', '{', '[{"Type":"registry","Attrs":{"ref":"é"}}]', '[{"type":1}]', 'nul', '[1,]']),
      ],
      ['filename', () => random.pick(['Dockerfile', 'é', 'dockerfile', '../x'])],
      ['build-arg:BUILDKIT_SYNTAX', () => random.pick(['', 'docker/dockerfile', 'x'])],
    ]);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const [name, value] = option();
    // The environment of a process holds text without NUL.
    opts[name.replaceAll('\0', '')] = value().toWellFormed().replaceAll('\0', '');
  }
  return opts;
}

/** Archives that SOURCE_DATE_EPOCH and contexts at URLs are read from. */
function archiveBuild(random: Random): GoldenCase {
  const plain = tarArchive(random);
  let packed = random.pick<() => Buffer>([
    () => plain,
    () => gzipSync(plain, { level: random.below(10) }),
    () => zstdCompressSync(plain),
    () =>
      Buffer.concat([
        zstdCompressSync(plain.subarray(0, 700)),
        Buffer.from('502a4d1804000000abcdabcd', 'hex'),
        zstdCompressSync(plain.subarray(700)),
      ]),
    () => Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]),
    () => Buffer.concat([gzipSync(plain), Buffer.from('rest')]),
    () => bzip2Archive,
    () => Buffer.from('fd377a585a000004e6d6b446', 'hex'),
  ])();
  if (random.chance(0.4)) packed = mutate(random, packed, [packed]);
  else if (random.chance(0.2)) packed = packed.subarray(0, random.below(packed.length + 1));
  const url = 'https://example.com/ctx.tgz';
  const opts: Record<string, string> = random.chance(0.6)
    ? { 'build-arg:SOURCE_DATE_EPOCH': 'context', context: url }
    : { 'build-arg:SOURCE_DATE_EPOCH': 'src', 'context:src': url };
  return {
    comment: '',
    files: new Map<string, string | Buffer>([
      ['Dockerfile', 'FROM alpine\nARG SOURCE_DATE_EPOCH\nRUN echo $SOURCE_DATE_EPOCH\nWORKDIR /x\n'],
      [`${url}!context`, packed],
      [`${url}!Dockerfile`, 'FROM alpine\nWORKDIR /x\n'],
    ]),
    images,
    opts,
    sources: { [url]: { http: { Checksum: `sha256:${'1'.repeat(64)}` } } },
  };
}

/** Long lines, many words, deep nesting. */
function largeBuild(random: Random): GoldenCase {
  const size = random.pick([30, 300, 300, 3000, 3000, 20_000]);
  const repeat = (make: (at: number) => string, separator = ' ') =>
    Array.from({ length: size }, (_, at) => make(at)).join(separator);
  const text = random.pick<() => string>([
    () => `RUN ${repeat(() => word(random))}`,
    () => `ENV A=${'${A:-'.repeat(size)}x${'}'.repeat(size)}`,
    () => `RUN ${'['.repeat(size)}${']'.repeat(size)}`,
    () => `RUN ["a",${'['.repeat(size)}${']'.repeat(size)}]`,
    () => `CMD ${JSON.stringify(Array.from({ length: size }, () => 'x'))}`,
    () => `LABEL ${repeat((at) => `${random.pick(names)}${at % 7}=${random.pick(numbers)}`)}`,
    () => `EXPOSE ${repeat(() => String(random.below(70_000)))}`,
    () => `VOLUME ${repeat(() => random.pick(paths))}`,
    () => `RUN ${repeat((at) => `--mount=type=cache,target=/${random.below(99)}${at}`)} x`,
    () => `COPY ${repeat((at) => `${random.pick(unicode)}${at}`)} /x/`,
    () => `ENV ${'A'.repeat(size)}=$${'A'.repeat(size)}${'"'.repeat(size)}`,
    () => `${'ONBUILD '.repeat(size)}RUN x`,
    () => repeat(() => instruction(random), '\n').slice(0, 60_000),
    () => `RUN ${'\\\n'.repeat(size)}x`,
    () => `RUN <<${'E'.repeat(size)}\n${'x'.repeat(size)}\n${'E'.repeat(size)}`,
    () => `ENV A=\${A//${'*a'.repeat(Math.min(size, 200))}/x} B=\${A##${'?'.repeat(size)}}`,
    () => repeat((at) => `FROM ${at > 0 ? `s${at - 1}` : 'alpine'} AS s${at}\nENV X${at}=1`, '\n').slice(0, 60_000),
    () => `ARG ${repeat((at) => `A${at}=$A${at - 1}x`)}`,
    () => `USER ${word(random).repeat(size)}`,
    () => `RUN --mount=${'x,'.repeat(size)} x`,
  ])();
  const files = new Map<string, string | Buffer>([
    ['Dockerfile', bytes(`FROM alpine\nARG A=${'b'.repeat(random.below(200))}\n${text}\n`)],
  ]);
  if (random.chance(0.2)) files.set('.dockerignore', bytes(`${repeat(() => random.pick(ignorePatterns), '\n')}\n!x`));
  return { comment: '', files, images, opts: random.chance(0.3) ? oddOptions(random) : {} };
}
