/** What an editor says about each instruction. */

/** An instruction for people. */
export interface InstructionText {
  /** One sentence. */
  readonly summary: string;
  /** The forms that it can have, the usual one first. */
  readonly forms: readonly [string, ...string[]];
  /** What is written after the keyword when it is completed: with the places to fill in, as LSP snippets have them. */
  readonly snippet: string;
}

/** By the lower-case names of the instructions. */
export const instructionTexts: Readonly<Record<string, InstructionText>> = {
  add: {
    summary: 'Adds files of the context, downloads, git repositories and unpacked archives.',
    forms: ['ADD [--FLAG…] SOURCE… DESTINATION', 'ADD [--FLAG…] ["SOURCE", …, "DESTINATION"]'],
    snippet: '${1:source} ${2:destination}',
  },
  arg: {
    summary: 'Declares a build argument, which `--build-arg` sets; a default is optional.',
    forms: ['ARG NAME[=DEFAULT]…'],
    snippet: '${1:NAME}',
  },
  cmd: {
    summary: 'Sets the default command of containers, or the default arguments of ENTRYPOINT.',
    forms: ['CMD ["PROGRAM", "ARGUMENT", …]', 'CMD COMMAND'],
    snippet: '["${1:program}"]',
  },
  copy: {
    summary: 'Copies files from the context, another stage or an image.',
    forms: ['COPY [--FLAG…] SOURCE… DESTINATION', 'COPY [--FLAG…] ["SOURCE", …, "DESTINATION"]'],
    snippet: '${1:source} ${2:destination}',
  },
  entrypoint: {
    summary: 'Sets the program that containers run.',
    forms: ['ENTRYPOINT ["PROGRAM", "ARGUMENT", …]', 'ENTRYPOINT COMMAND'],
    snippet: '["${1:program}"]',
  },
  env: {
    summary: 'Sets environment variables for the following instructions and for containers.',
    forms: ['ENV NAME=VALUE…', 'ENV NAME VALUE'],
    snippet: '${1:NAME}=${2:value}',
  },
  expose: {
    summary: 'Says which ports containers listen on. It does not publish them.',
    forms: ['EXPOSE PORT[/PROTOCOL]…'],
    snippet: '${1:8080}',
  },
  from: {
    summary: 'Begins a stage on an image, on an earlier stage, or on nothing (`scratch`).',
    forms: ['FROM [--platform=PLATFORM] IMAGE [AS NAME]'],
    snippet: '${1:image}',
  },
  healthcheck: {
    summary: 'Sets the command that tells whether a container works, or removes that of the base image.',
    forms: ['HEALTHCHECK [--FLAG…] CMD COMMAND', 'HEALTHCHECK NONE'],
    snippet: 'CMD ${1:command}',
  },
  label: {
    summary: 'Adds labels to the image.',
    forms: ['LABEL NAME=VALUE…'],
    snippet: '${1:name}="${2:value}"',
  },
  maintainer: {
    summary: 'Sets the author of the image. Deprecated: write `LABEL org.opencontainers.image.authors=…`.',
    forms: ['MAINTAINER NAME'],
    snippet: '${1:name}',
  },
  onbuild: {
    summary: 'Keeps an instruction in the image, which runs when another image is built on it.',
    forms: ['ONBUILD INSTRUCTION'],
    snippet: '${1:RUN command}',
  },
  run: {
    summary: 'Runs a command and keeps what it changes as a layer.',
    forms: ['RUN [--FLAG…] COMMAND', 'RUN [--FLAG…] ["PROGRAM", "ARGUMENT", …]', 'RUN [--FLAG…] <<EOF'],
    snippet: '${1:command}',
  },
  shell: {
    summary: 'Sets the shell that runs commands which are not JSON arrays.',
    forms: ['SHELL ["PROGRAM", "ARGUMENT", …]'],
    snippet: '["${1:/bin/bash}", "${2:-c}"]',
  },
  stopsignal: {
    summary: 'Sets the signal that stops containers.',
    forms: ['STOPSIGNAL SIGNAL'],
    snippet: '${1:SIGTERM}',
  },
  user: {
    summary: 'Sets the user and the group of the following commands and of containers.',
    forms: ['USER USER[:GROUP]'],
    snippet: '${1:user}',
  },
  volume: {
    summary: 'Declares directories that containers keep outside of their file system.',
    forms: ['VOLUME ["PATH", …]', 'VOLUME PATH…'],
    snippet: '${1:/data}',
  },
  workdir: {
    summary: 'Sets the working directory of the following instructions and of containers, and makes it.',
    forms: ['WORKDIR PATH'],
    snippet: '${1:/app}',
  },
};

const reference = 'https://docs.docker.com/reference/dockerfile/';

/** The page about an instruction, by its lower-case name. */
export const instructionUrl = (name: string): string => `${reference}#${name}`;

/** The page about a part of an instruction. */
export const partUrl = (part: string): string => `${reference}#${part}`;
