/** The instructions that only change the image config. */
import { checkJsonArgsRecommended } from '../../buildkit-rules/rules/json-args-recommended.ts';
import { checkLegacyKeyValueFormat } from '../../buildkit-rules/rules/legacy-key-value-format.ts';
import { checkMultipleInstructionsDisallowed } from '../../buildkit-rules/rules/multiple-instructions-disallowed.ts';
import { describeError } from '../../diagnostic/diagnostic.ts';
import { formatDuration } from '../../go/duration.ts';
import { formatList, quoteList } from '../../go/quote.ts';
import { parseSignal } from '../../image/signal.ts';
import type {
  CmdInstruction,
  EntrypointInstruction,
  Healthcheck,
  HealthcheckInstruction,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  ShellInstruction,
  StopSignalInstruction,
  UserInstruction,
  VolumeInstruction,
} from '../../parser/ast.ts';
import { lookUpKeyword } from '../../parser/keywords.ts';
import { commit, createExpand, type Dispatch, dispatchError, expandPairs, tryPart } from './instruction.ts';
import { withShell } from './shell.ts';

/** CMD sets the command of the image. */
export function dispatchCmd(dispatch: Dispatch, instruction: CmdInstruction): void {
  const { stage, linter, lines } = dispatch;
  checkMultipleInstructionsDisallowed(linter, instruction.keyword, stage.last.cmd);
  stage.last.cmd = lines;
  const args = commandLine(dispatch, instruction);
  stage.result.image.config.cmd = args;
  stage.result.image.config.argsEscaped = true;
  commit(dispatch, `CMD ${quoteList(args)}`);
}

/** ENTRYPOINT drops a CMD that does not come from this stage. */
export function dispatchEntrypoint(dispatch: Dispatch, instruction: EntrypointInstruction): void {
  const { stage, linter, lines } = dispatch;
  checkMultipleInstructionsDisallowed(linter, instruction.keyword, stage.last.entrypoint);
  stage.last.entrypoint = lines;
  const args = commandLine(dispatch, instruction);
  stage.result.image.config.entrypoint = args;
  if (!stage.last.cmd) stage.result.image.config.cmd = undefined;
  commit(dispatch, `ENTRYPOINT ${quoteList(args)}`);
}

function commandLine(
  { stage, linter, place }: Dispatch,
  instruction: CmdInstruction | EntrypointInstruction,
): string[] {
  if (!instruction.shellForm) return [...instruction.args];
  // A misspelled keyword has an error of its own.
  const isMisspelled = lookUpKeyword(instruction.keyword).name === '';
  if ((stage.result.image.config.shell?.length ?? 0) === 0 && !isMisspelled)
    checkJsonArgsRecommended(linter, place, instruction.keyword);
  return withShell(stage.result.image, instruction.args);
}

/** HEALTHCHECK sets the health check of the image. */
export function dispatchHealthcheck(dispatch: Dispatch, { healthcheck, keyword }: HealthcheckInstruction): void {
  const { stage, linter, lines } = dispatch;
  checkMultipleInstructionsDisallowed(linter, keyword, stage.last.healthcheck);
  stage.last.healthcheck = lines;
  stage.result.image.config.healthcheck = { ...healthcheck, test: [...healthcheck.test] };
  commit(dispatch, `HEALTHCHECK ${formatHealthcheck(healthcheck)}`);
}

/** A healthcheck as Go prints its struct. */
function formatHealthcheck({ test, interval, timeout, startPeriod, startInterval, retries }: Healthcheck): string {
  const durations = { Interval: interval, Timeout: timeout, StartPeriod: startPeriod, StartInterval: startInterval };
  const fields = Object.entries(durations).map(([name, duration]) => `${name}:${formatDuration(duration)}`);
  return `{Test:${formatList(test)} ${fields.join(' ')} Retries:${retries}}`;
}

/** LABEL adds labels to the image. */
export function dispatchLabel(dispatch: Dispatch, instruction: LabelInstruction): void {
  const { stage, linter, place } = dispatch;
  const pairs = expandPairs(dispatch, instruction.pairs);
  const labels = (stage.result.image.config.labels ??= new Map());
  let message = 'LABEL';
  for (const { key, value, noDelim } of pairs) {
    if (noDelim) checkLegacyKeyValueFormat(linter, place, instruction.keyword);
    labels.set(key, value);
    message += ` ${key}=${value}`;
  }
  commit(dispatch, message);
}

/** MAINTAINER sets the author of the image. */
export function dispatchMaintainer(dispatch: Dispatch, { maintainer }: MaintainerInstruction): void {
  dispatch.stage.result.image.author = maintainer;
  commit(dispatch, `MAINTAINER ${maintainer}`);
}

/** ONBUILD is stored for stages and images that derive from this one; it adds no history. */
export function dispatchOnbuild({ stage }: Dispatch, { expression }: OnbuildInstruction): void {
  (stage.result.image.config.onBuild ??= []).push(expression);
}

/** SHELL sets the shell of the following commands in shell form. */
export function dispatchShell(dispatch: Dispatch, { shell }: ShellInstruction): void {
  dispatch.stage.result.image.config.shell = [...shell];
  commit(dispatch, `SHELL ${formatList(shell)}`);
}

/** STOPSIGNAL sets the stop signal of the image. */
export function dispatchStopSignal(dispatch: Dispatch, instruction: StopSignalInstruction): void {
  const signal = tryPart(dispatch, instruction.signalRange, 'bad-signal', () => {
    const expanded = createExpand(dispatch)(instruction.signal);
    requireSignal(expanded);
    return expanded;
  });
  if (signal === undefined) return;
  dispatch.stage.result.image.config.stopSignal = signal;
  commit(dispatch, `STOPSIGNAL ${signal}`);
}

function requireSignal(signal: string): void {
  try {
    parseSignal(signal);
  } catch (error) {
    throw describeError(error, 'bad-signal');
  }
}

/** USER sets the user of the following commands and of the image. */
export function dispatchUser(dispatch: Dispatch, instruction: UserInstruction): void {
  const { stage } = dispatch;
  const user = createExpand(dispatch)(instruction.user);
  stage.result.state = stage.result.state.user(user);
  stage.result.image.config.user = user;
  commit(dispatch, `USER ${user}`);
}

/** VOLUME adds mount points to the image. */
export function dispatchVolume(dispatch: Dispatch, instruction: VolumeInstruction): void {
  const expand = createExpand(dispatch);
  const rangeOf = (index: number) => instruction.volumeRanges[index];
  const volumes = instruction.volumes.map((volume, index) =>
    tryPart(dispatch, rangeOf(index), 'bad-substitution', () => expand(volume)),
  );
  const all = (dispatch.stage.result.image.config.volumes ??= new Set());
  for (const [index, volume] of volumes.entries())
    tryPart(dispatch, rangeOf(index), 'blank-volume', () => {
      if (volume === '') throw dispatchError('blank-volume', 'VOLUME specified can not be an empty string');
      if (volume !== undefined) all.add(volume);
    });
  commit(dispatch, `VOLUME ${formatList(volumes.map((it) => it ?? ''))}`);
}
