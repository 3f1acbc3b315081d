/** COPY and ADD in every form, the context and what is ignored of it. */
import { gzipSync } from 'node:zlib';
import { createTar } from '../../../scripts/image/tar.ts';
import { type Case, newer } from '../case.ts';

const archive = createTar([
  { path: 'packed/file', mode: 0o640, data: Buffer.from('packed\n') },
  { path: 'packed/link', link: 'file' },
]);
const tree = {
  'a/one.txt': 'one\n',
  'a/two.md': 'two\n',
  'a/sub/three.txt': 'three\n',
  'b/four.txt': { content: 'four\n', mode: 0o600 },
  'b/tool': { content: '#!/bin/sh\n', mode: 0o755 },
  'b/link': { link: 'four.txt' },
  'empty/': '',
};

export const copies: readonly Case[] = [
  {
    name: 'directories, wildcards and names',
    dockerfile: `FROM @BASE@
COPY a /a
COPY a/*.txt b/four.tx? /files/
COPY ["b/tool", "/bin/my tool"]
COPY a/one.txt renamed
WORKDIR /w
COPY . ./all/
COPY empty /empty
`,
    files: tree,
  },
  {
    name: 'owners and modes',
    dockerfile: `FROM @BASE@ AS users
RUN echo 'user:x:1234:2345::/:/bin/sh' >> /etc/passwd && echo 'group:x:3456:' >> /etc/group
FROM users
COPY --chown=user a /named
COPY --chown=user:group a /both
COPY --chown=77:88 --chmod=640 a /numbers
COPY --chmod=0755 b/four.txt /x
ADD --chown=5 b /five
`,
    files: tree,
  },
  {
    name: 'links between layers',
    dockerfile: `FROM @BASE@
COPY --link a /a
COPY --link --chown=1:2 b /deep/er/b
COPY --link --chmod=600 a/one.txt /one
RUN ls /a > /list
COPY --link --from=@BASE@ /bin/busybox /bb
`,
    files: tree,
    comparable: newer,
    makes: [
      '/a 755 0:0',
      '/a/one.txt 644 0:0',
      '/a/sub 755 0:0',
      '/a/sub/three.txt 644 0:0',
      '/a/two.md 644 0:0',
      '/bb 755 0:0',
      '/deep 755 1:2',
      '/deep/er 755 1:2',
      '/deep/er/b 755 1:2',
      '/deep/er/b/four.txt 600 1:2',
      '/deep/er/b/link 777 1:2',
      '/deep/er/b/tool 755 1:2',
      '/list 644 0:0',
      '/one 600 0:0',
    ],
  },
  {
    name: 'parents',
    dockerfile: `FROM scratch
COPY --parents a/sub/three.txt b/*.txt /p/
COPY --parents ./a/./sub /q/
`,
    files: tree,
    comparable: [],
    makes: [
      '/p 755 0:0',
      '/p/a 755 0:0',
      '/p/a/sub 755 0:0',
      '/p/a/sub/three.txt 644 0:0',
      '/p/b 755 0:0',
      '/p/b/four.txt 600 0:0',
      '/q 755 0:0',
      '/q/sub 755 0:0',
      '/q/sub/three.txt 644 0:0',
    ],
  },
  {
    name: 'excluded files',
    dockerfile: `FROM scratch
COPY --exclude=*.md --exclude=sub a /a
ADD --exclude=four.txt b /b
`,
    files: tree,
    comparable: ['forky'],
    makes: ['/a 755 0:0', '/a/one.txt 644 0:0', '/b 755 0:0', '/b/link 777 0:0', '/b/tool 755 0:0'],
    not: { bookworm: 'BuildKit 0.8 copies what is excluded too, and no capability tells' },
  },
  {
    name: 'a .dockerignore with exceptions',
    dockerfile: `FROM scratch
COPY . /
`,
    files: { ...tree, '.dockerignore': '# comment\n**/*.txt\n!a/sub\nb/t*\n/empty/\n' },
  },
  {
    name: 'heredocs as files',
    dockerfile: `FROM @BASE@
ENV WHO=world
COPY <<EOF <<-"RAW" /docs/
hello $WHO
EOF
	not expanded: $WHO
	RAW
COPY --chmod=755 --chown=3:4 <<script /bin/script
#!/bin/sh
script
`,
    comparable: newer,
    makes: ['/bin/script 755 3:4', '/docs 755 0:0', '/docs/EOF 644 0:0', '/docs/RAW 644 0:0'],
  },
  {
    name: 'archives are unpacked, copies are not',
    dockerfile: `FROM @BASE@
ADD packed.tar.gz /unpacked/
ADD packed.tar /plain
COPY packed.tar.gz /
ADD --chown=7:8 packed.tar /owned/
`,
    files: { 'packed.tar.gz': { content: gzipSync(archive) }, 'packed.tar': { content: archive } },
  },
  {
    name: 'a file of a web server',
    dockerfile: `FROM @BASE@
ADD @HTTP@/file.txt /downloaded/
ADD @HTTP@/file.txt /downloaded/renamed
ADD --chmod=600 --chown=1:1 @HTTP@/archive.tar.gz /archive.tar.gz
`,
    otherCache: { bookworm: 'the mode of a downloaded file was written in another way' },
  },
  {
    name: 'a file of a web server with its checksum',
    dockerfile: `FROM scratch
ADD --checksum=sha256:@HTTPSUM@ @HTTP@/file.txt /checked
`,
    comparable: newer,
    makes: ['/checked 600 0:0'],
  },
  {
    name: 'a git repository',
    dockerfile: `FROM @BASE@
ADD @GIT@#main /repo
ADD --keep-git-dir=true @GIT@#v1 /kept
RUN rm -rf /kept/.git
`,
    comparable: newer,
    makes: [
      '/kept 755 0:0',
      '/kept/directory 755 0:0',
      '/kept/directory/inside 644 0:0',
      '/kept/readme 644 0:0',
      '/repo 755 0:0',
      '/repo/directory 755 0:0',
      '/repo/directory/inside 644 0:0',
      '/repo/readme 644 0:0',
    ],
  },
  {
    name: 'a directory of a git repository',
    dockerfile: `FROM scratch
ADD @GIT@#main:directory /directory
`,
    not: { bookworm: 'BuildKit 0.8 takes no directory of a git repository' },
  },
  {
    name: 'named contexts: a directory and an image',
    dockerfile: `FROM base
COPY --from=other . /other/
COPY --from=@CONTEXTNAME@ bin/busybox /bb
`.replace('@CONTEXTNAME@', 'renamed'),
    files: { 'side/file': 'side\n', 'side/ignored': 'x\n' },
    args: [
      '--build-context',
      'other=@CONTEXT@/side',
      '--build-context',
      'base=docker-image://@BASE@',
      '--build-context',
      'renamed=docker-image://@BASE@',
    ],
    not: { bookworm: 'its docker build has no --build-context' },
  },
];
