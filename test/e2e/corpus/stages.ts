/** FROM, ARG, ENV and what goes into the image config. */
import { type Case, newer } from '../case.ts';

/**
 * Before 1.9, ARG was written to the history without the value it has, and RUN without the arguments of its base stage.
 */
const argumentsInHistory = 'history of ARG and of inherited arguments';

export const stages: readonly Case[] = [
  {
    name: 'every instruction of the config',
    dockerfile: `FROM @BASE@
MAINTAINER someone <someone@example.com>
LABEL a=1 b="two words" c='single'
LABEL multi="line \\
one"
ENV PATH=/opt/bin:$PATH HOME=/home/user
ENV LEGACY value with  spaces
WORKDIR /srv
WORKDIR app/../app
EXPOSE 80 443/tcp 53/udp 8000-8002
VOLUME /data ["/other"]
VOLUME ["/third", "/fourth"]
USER 1000:1000
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=2 CMD wget -q localhost || exit 1
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["/bin/sh", "-c"]
CMD echo hello
`,
  },
  {
    name: 'exec forms and an entrypoint that drops the command',
    dockerfile: `FROM @BASE@
CMD ["one"]
ENTRYPOINT exec top -b
HEALTHCHECK NONE
`,
  },
  {
    name: 'several stages, only those that are needed',
    dockerfile: `ARG VERSION=1.2
FROM @BASE@ AS base
ARG VERSION
RUN echo "version $VERSION" > /version
FROM base AS left
RUN mkdir /left && cp /version /left/
FROM base AS right
RUN mkdir /right && echo right > /right/file
FROM base AS unused
RUN false
FROM scratch AS final
COPY --from=left /left /out/left
COPY --from=right /right /out/right
COPY --from=0 /version /version
`,
  },
  {
    name: 'a target in the middle, build arguments and automatic ones',
    dockerfile: `ARG TAG
FROM --platform=$BUILDPLATFORM @BASE@ AS one
ARG TARGETARCH
ARG TARGETOS TARGETPLATFORM
ARG NAME=default
ARG EMPTY
ENV NAME=$NAME-\${EMPTY:-unset} ARCH=\${TARGETARCH:+known}
RUN echo "$NAME $ARCH $TARGETPLATFORM" > /out
FROM one AS two
RUN echo two > /two
FROM two AS three
RUN false
`,
    args: ['--target', 'two', '--build-arg', 'NAME=given', '--build-arg', 'HTTP_PROXY=http://proxy.invalid'],
    otherConfig: { trixie: argumentsInHistory, bookworm: argumentsInHistory },
  },
  {
    name: 'variables with every operator',
    dockerfile: `FROM @BASE@
ENV A=value.tar.gz B= C=path/to/file
ENV V1=\${A:-x} V2=\${B:-x} V3=\${B-x} V4=\${A:+y} V5=\${B:+y} V6=\${B+y} V7=\${UNSET-z}
ENV E=\\$A F='$A' G="$A" H=$A$C I=\${A}b
WORKDIR /\${C}
RUN env | sort | grep -v HOSTNAME > /env
RUN [ "$V1 $V2 $V3 $V4 $V5 $V6 $V7" = "value.tar.gz x  y  y z" ]
`,
    comparable: newer,
    makes: ['/env 644 0:0', '/path 755 0:0', '/path/to 755 0:0', '/path/to/file 755 0:0'],
  },
  {
    name: 'pattern operators',
    dockerfile: `FROM @BASE@
ENV A=value.tar.gz C=path/to/file
ENV V1=\${A#*.} V2=\${A##*.} V3=\${A%.*} V4=\${A%%.*} V5=\${C/to/from} V6=\${C//t/T}
RUN env | sort | grep -v HOSTNAME > /env
RUN [ "$V1 $V2 $V3 $V4 $V5 $V6" = "tar.gz gz value.tar value path/from/file paTh/To/file" ]
`,
    comparable: newer,
    makes: ['/env 644 0:0'],
  },
  {
    name: 'triggers of a stage and of an image',
    dockerfile: `FROM @ONBUILD@ AS parent
ONBUILD ENV CHILD=1
ONBUILD RUN echo "child $CHILD" > /child
ONBUILD COPY data /child-data
FROM parent
RUN ls /child /triggered
`,
    files: { data: 'data\n' },
  },
  {
    name: 'an empty image and one file in it',
    dockerfile: `FROM scratch
COPY file /
`,
    files: { file: 'content\n' },
  },
  {
    name: 'escape directive and line endings',
    dockerfile:
      '# escape=`\r\nFROM @BASE@\r\n# a comment\r\nRUN echo one `\r\n  # inside\r\n  && echo two > /out\r\nENV A=`$B C="`"q`""\r\n',
  },
  {
    name: 'two platforms',
    dockerfile: `FROM --platform=$BUILDPLATFORM @BASE@ AS build
ARG TARGETPLATFORM
RUN echo $TARGETPLATFORM > /platform
FROM scratch
ARG TARGETARCH
ENV ARCH=$TARGETARCH
COPY --from=build /platform /
`,
    args: ['--platform', 'linux/amd64,linux/arm64/v8'],
    otherConfig: { trixie: argumentsInHistory },
    not: { bookworm: 'one platform a build' },
  },
  {
    name: 'time stands still with SOURCE_DATE_EPOCH',
    dockerfile: `FROM @BASE@
WORKDIR /made
COPY file /file
RUN echo run > /run
LABEL epoch=yes
`,
    files: { file: 'content\n' },
    args: ['--build-arg', 'SOURCE_DATE_EPOCH=1700000000'],
    otherCache: { trixie: 'only later frontends stamp the directory that WORKDIR makes' },
    comparable: newer,
    makes: ['/file 644 0:0', '/made 755 0:0', '/run 644 0:0'],
  },
];
