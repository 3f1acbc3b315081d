import { runsAndTriggers } from '../lint-file.ts';
import { hasOption, type ManagerName, type PackageCommand, packageCommand } from '../package-manager.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellWord } from '../shell/command.ts';

/** How a package is written that has a version, and an example. */
const pins: Readonly<Record<ManagerName, { readonly pattern: RegExp; readonly example: string }>> = {
  apt: { pattern: /=|^[./].*|\.deb$|\*$/, example: '=1.2.*' },
  apk: { pattern: /[=<>~]|^[./]|\.apk$/, example: '=~1.2' },
  dnf: { pattern: /-v?\d|\.rpm$|^@|^https?:|^[./]/, example: '-1.2' },
  zypper: { pattern: /[=<>]|-\d|\.rpm$|^https?:|^[./]/, example: '=1.2' },
  pip: { pattern: /[=<>~!@]|^[./]|\.(?:whl|gz|zip)$|^(?:git\+)?https?:/, example: '==1.2.3' },
  npm: { pattern: /.@[^/]+$|^[./]|^(?:git|https?|file|github):/, example: '@1.2.3' },
  gem: { pattern: /:\d|\.gem$/, example: ':1.2.3' },
  go: { pattern: /@(?!latest$)|^\./, example: '@v1.2.3' },
};

/** A package is installed in whatever version is current. */
export const unpinnedPackage: LintRule = {
  name: 'UnpinnedPackage',
  summary: 'Packages have a version.',
  why: 'Without a version, the same Dockerfile installs something else next month. With one, the build is repeatable, or fails when the version is gone from the repository: distributions keep only the newest. So the rule is off by default. Choose the package managers whose repositories keep all versions (pip, npm, gem, go), or pin a whole distribution by the digest of the base.',
  bad: [
    'FROM python:3.14\nRUN pip install --no-cache-dir flask\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl\n',
    'FROM alpine:3.22\nRUN apk add --no-cache curl\n',
    'FROM node:24\nRUN npm install -g @angular/cli\n',
    'FROM ruby:3.4\nRUN gem install bundler\n',
    'FROM fedora:43\nRUN dnf install -y git\n',
    'FROM golang:1.26\nRUN go install example.com/tool@latest\n',
  ],
  good: [
    'FROM python:3.14\nRUN pip install --no-cache-dir flask==3.1.2\n',
    'FROM python:3.14\nRUN pip install -r requirements.txt && pip install . && pip install $PACKAGES\n',
    'FROM debian:13\nRUN apt-get update && apt-get install -y curl=8.14.* git=$GIT_VERSION\n',
    'FROM alpine:3.22\nRUN apk add --no-cache -t .build curl=~8.14\n',
    'FROM node:24\nRUN npm install -g @angular/cli@20 && npm ci && npm install\n',
    'FROM ruby:3.4\nRUN gem install bundler -v 2.7.1 && gem install rake:13.3.0\n',
    'FROM fedora:43\nRUN dnf install -y git-2.51.0\n',
  ],
  level: 'off',
  hadolint: 'DL3008, DL3013, DL3016, DL3018, DL3028, DL3033, DL3037, DL3041, DL3062',
  options: {
    managers: {
      type: 'strings',
      default: ['apt', 'apk', 'dnf', 'zypper', 'pip', 'npm', 'gem', 'go'],
      description: 'The package managers that the rule looks at: apt, apk, dnf (and yum), zypper, pip, npm, gem, go.',
    },
  },
  *find({ stages }, { managers }): Generator<Finding> {
    const chosen = managers as readonly string[];
    for (const stage of stages) {
      for (const { instruction, script } of runsAndTriggers(stage)) {
        for (const command of script.commands) {
          const parts = packageCommand(command);
          if (!parts?.installs || !chosen.includes(parts.manager)) continue;
          const { pattern, example } = pins[parts.manager];
          for (const { value, text, range } of packagesOf(parts)) {
            // A part of the word may be a variable that has the version.
            if (value === undefined || pattern.test(text)) continue;
            yield {
              instruction,
              range,
              message: `${value} has no version, so each build installs the newest`,
              hint: `Write ${value}${example}, with the version that you have tested.`,
            };
          }
        }
      }
    }
  },
};

/** The words that are packages. */
function packagesOf(parts: PackageCommand): readonly ShellWord[] {
  const { manager, operands } = parts;
  if (manager === 'npm' && !hasOption(parts, /^(?:--global|--location=global)$/, 'g')) return [];
  if (manager === 'pip' && hasOption(parts, /^(?:-r.*|--requirement.*|-c.*|--constraint.*|-e|--editable)$/)) return [];
  if (manager === 'gem' && hasOption(parts, /^(?:-v.*|--version.*)$/)) return [];
  return operands;
}
