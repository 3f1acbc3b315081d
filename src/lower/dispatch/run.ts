import type { SourceRange } from '../../diagnostic/source-file.ts';
import { join } from '../../go/path.ts';
import { formatList } from '../../go/quote.ts';
import { encodeText } from '../../go/text.ts';
import { trimSpace } from '../../go/unicode.ts';
import { type CdiDevice, type Mount, mkfile, scratch } from '../../llb/index.ts';
import type { Heredoc, RunInstruction, Word } from '../../parser/ast.ts';
import { chompHeredocContent, parseHeredoc } from '../../parser/heredoc.ts';
import { type MountFlag, MountOptionError, readMount } from '../../parser/mount-flag.ts';
import type { Env } from '../../parser/words.ts';
import { isSupported } from '../daemon-capabilities.ts';
import { runHistory } from '../image-history.ts';
import { commandDescription } from '../source-location.ts';
import type { BuildStage } from '../stages.ts';
import { instructionText, nextStepName } from '../step-name.ts';
import { atPart, commit, createExpand, type Dispatch, shownPlatform } from './instruction.ts';
import { lowerMounts } from './mounts.ts';
import { withShell } from './shell.ts';

/** RUN executes a command on the stage. */
export function dispatchRun(dispatch: Dispatch, instruction: RunInstruction, sources: readonly BuildStage[]): void {
  const { lowering, stage, lines } = dispatch;
  const { options } = lowering;
  const expand = createExpand(dispatch);
  const { doubts } = stage.result;
  const mountFlags = instruction.mounts.map((word) => {
    const mount = readMount(word.text, expand, (error) =>
      dispatch.report(atPart(dispatch, optionRange(word, error), 'bad-mount', error)),
    );
    return mount && doubts.isIn(word.text) ? { ...mount, source: '' } : mount;
  });
  stage.origin.paths.add('/'); // a command may read any file

  const script = readScript(dispatch, instruction);
  const args = instruction.shellForm ? withShell(stage.result.image, script.args) : [...script.args];
  const { mounts, secrets, ssh } = lowerMounts(dispatch, instruction.mounts, mountFlags, sources);
  const hasShm = options.shmSize > 0n && isSupported(lowering, 'tmpfsSize');
  const env = stage.result.state.env();
  const text = instructionText(
    instruction.code + script.summary,
    lowering.expanders.name,
    hideSecrets(mountFlags, env),
  );

  const executed = stage.result.state.run({
    args,
    description: commandDescription(instruction.code),
    locations: options.locations?.(lines),
    ignoreCache: stage.origin.ignoreCache,
    proxy: lowering.proxy,
    mounts: [
      ...script.mounts,
      ...mounts,
      ...(hasShm ? [{ type: 'tmpfs', target: '/dev/shm', size: options.shmSize } as const] : []),
    ],
    secrets,
    ssh,
    security: instruction.security,
    network: instruction.network === 'default' ? undefined : instruction.network,
    ulimits: isSupported(lowering, 'ulimit') ? options.ulimits : undefined,
    devices: isSupported(lowering, 'devices') ? allDevices(options.devices, instruction) : undefined,
    customName: nextStepName(stage.origin.steps, text, shownPlatform(dispatch, stage.result.state.getPlatform()), env),
    extraHosts: options.extraHosts,
    cgroupParent: isSupported(lowering, 'cgroupParent') ? options.cgroupParent || undefined : undefined,
    linuxResources: isSupported(lowering, 'linuxResources') ? options.linuxResources : undefined,
  });
  stage.result.state = executed.root;
  commit(dispatch, `RUN ${runHistory(args, stage.result.buildArgs, env)} # buildkit`, true);
}

/** The option of a mount that an error is about, if it is written plainly, and once; otherwise the whole mount. */
function optionRange({ text, range }: Word, error: unknown): SourceRange {
  const option = error instanceof MountOptionError ? error.option : '';
  const isPlain = range.end - range.start === text.length;
  const at = isPlain && option !== '' && text.split(option).length === 2 ? text.indexOf(option) : -1;
  return at < 0 ? range : { start: range.start + at, end: range.start + at + option.length };
}

/** The devices of the build and of the instruction. */
function allDevices(buildDevices: readonly CdiDevice[], { devices }: RunInstruction): readonly CdiDevice[] {
  if (devices.length === 0) return buildDevices;
  return [...buildDevices, ...devices.map(({ name, required }) => ({ name, optional: !required }))];
}

/** A command line with its here-documents. */
interface Script {
  readonly args: readonly string[];
  /** The part of the step name that shows the here-document; '' if absent. */
  readonly summary: string;
  readonly mounts: readonly Mount[];
}

const noMounts: readonly Mount[] = [];
const scriptDir = '/dev/pipes/';

function readScript(dispatch: Dispatch, { args, heredocs, shellForm }: RunInstruction): Script {
  const first = heredocs[0];
  if (!first) return { args, summary: '', mounts: noMounts };
  const [line, ...more] = args;
  if (line === undefined || more.length > 0 || !shellForm)
    throw new Error(`parsing produced an invalid run command: ${formatList(args)}`);
  if (!parseHeredoc(line)) {
    // The shell reads the here-documents itself.
    const documents = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { args: [line + documents.join('')], summary: '', mounts: [] };
  }
  const content = first.chomp ? chompHeredocContent(first.content) : first.content;
  const summary = ` (${summarize(first.content)})`;
  const isScript = content.startsWith('#!') && dispatch.stage.result.image.os !== 'windows';
  // Without a command, the document is the script of the shell, or of the interpreter that its first line names.
  if (!isScript) return { args: [content], summary, mounts: [] };
  return {
    args: [join(scriptDir, first.name)],
    summary,
    mounts: [{ target: scriptDir, source: scriptFile(dispatch, first, content), sourcePath: '/', readonly: true }],
  };
}

function scriptFile({ stage }: Dispatch, { name }: Heredoc, content: string) {
  return scratch()
    .dir('/')
    .file(mkfile(name, 0o755, encodeText(content)), {
      customName: '[internal] preparing inline document',
      platform: stage.result.platform,
    });
}

/** The first line of a here-document. */
function summarize(content: string): string {
  const [first, ...more] = trimSpace(content).replaceAll('\r\n', '\n').split('\n');
  return more.length > 0 ? `${first}...` : first!;
}

/** The variables with those that a secret mount sets marked as secret, for the step name. */
function hideSecrets(mounts: readonly (MountFlag | undefined)[], env: Env): Env {
  const names = new Set(
    mounts.flatMap((mount) => (mount?.type === 'secret' && mount.env !== undefined ? [mount.env] : [])),
  );
  if (names.size === 0) return env;
  return {
    get: (name) => (names.has(name) ? '****' : env.get(name)),
    keys: () => [...env.keys().filter((name) => !names.has(name)), ...names],
  };
}
