/** The instructions that only change the image config. */
import {
  jsonArgsRecommended,
  legacyKeyValueFormat,
  multipleInstructionsDisallowed,
} from '../../check/instruction-rules.ts';
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
import { commit, type Dispatch, expander } from './instruction.ts';
import { withShell } from './shell.ts';

export function dispatchCmd(dispatch: Dispatch, instruction: CmdInstruction): void {
  const { stage, linter, lines } = dispatch;
  multipleInstructionsDisallowed(linter, instruction.keyword, stage.lastCmd);
  stage.lastCmd = lines;
  const args = commandLine(dispatch, instruction);
  stage.image.config.cmd = args;
  stage.image.config.argsEscaped = true;
  commit(dispatch, `CMD ${quoteList(args)}`);
}

/** ENTRYPOINT drops a CMD that does not come from this stage. */
export function dispatchEntrypoint(dispatch: Dispatch, instruction: EntrypointInstruction): void {
  const { stage, linter, lines } = dispatch;
  multipleInstructionsDisallowed(linter, instruction.keyword, stage.lastEntrypoint);
  stage.lastEntrypoint = lines;
  const args = commandLine(dispatch, instruction);
  stage.image.config.entrypoint = args;
  if (!stage.lastCmd) stage.image.config.cmd = undefined;
  commit(dispatch, `ENTRYPOINT ${quoteList(args)}`);
}

function commandLine({ stage, linter }: Dispatch, instruction: CmdInstruction | EntrypointInstruction): string[] {
  if (!instruction.shellForm) return [...instruction.args];
  if ((stage.image.config.shell?.length ?? 0) === 0) jsonArgsRecommended(linter, instruction);
  return withShell(stage.image, instruction.args);
}

export function dispatchHealthcheck(dispatch: Dispatch, { healthcheck, keyword }: HealthcheckInstruction): void {
  const { stage, linter, lines } = dispatch;
  multipleInstructionsDisallowed(linter, keyword, stage.lastHealthcheck);
  stage.lastHealthcheck = lines;
  stage.image.config.healthcheck = { ...healthcheck, test: [...healthcheck.test] };
  commit(dispatch, `HEALTHCHECK ${formatHealthcheck(healthcheck)}`);
}

/** As Go prints a struct. */
function formatHealthcheck({ test, interval, timeout, startPeriod, startInterval, retries }: Healthcheck): string {
  const durations = { Interval: interval, Timeout: timeout, StartPeriod: startPeriod, StartInterval: startInterval };
  const fields = Object.entries(durations).map(([name, duration]) => `${name}:${formatDuration(duration)}`);
  return `{Test:${formatList(test)} ${fields.join(' ')} Retries:${retries}}`;
}

export function dispatchLabel(dispatch: Dispatch, instruction: LabelInstruction): void {
  const { stage, linter } = dispatch;
  const expand = expander(dispatch);
  const pairs = instruction.pairs.map(({ key, value, noDelim }) => ({
    key: expand(key),
    value: expand(value),
    noDelim,
  }));
  const labels = (stage.image.config.labels ??= new Map());
  let message = 'LABEL';
  for (const { key, value, noDelim } of pairs) {
    if (noDelim) legacyKeyValueFormat(linter, instruction);
    labels.set(key, value);
    message += ` ${key}=${value}`;
  }
  commit(dispatch, message);
}

export function dispatchMaintainer(dispatch: Dispatch, { maintainer }: MaintainerInstruction): void {
  dispatch.stage.image.author = maintainer;
  commit(dispatch, `MAINTAINER ${maintainer}`);
}

/** ONBUILD is kept for the stages and images that derive from this one; it leaves no history. */
export function dispatchOnbuild({ stage }: Dispatch, { expression }: OnbuildInstruction): void {
  (stage.image.config.onBuild ??= []).push(expression);
}

export function dispatchShell(dispatch: Dispatch, { shell }: ShellInstruction): void {
  dispatch.stage.image.config.shell = [...shell];
  commit(dispatch, `SHELL ${formatList(shell)}`);
}

export function dispatchStopSignal(dispatch: Dispatch, instruction: StopSignalInstruction): void {
  const signal = expander(dispatch)(instruction.signal);
  parseSignal(signal); // must be one
  dispatch.stage.image.config.stopSignal = signal;
  commit(dispatch, `STOPSIGNAL ${signal}`);
}

export function dispatchUser(dispatch: Dispatch, instruction: UserInstruction): void {
  const { stage } = dispatch;
  const user = expander(dispatch)(instruction.user);
  stage.state = stage.state.user(user);
  stage.image.config.user = user;
  commit(dispatch, `USER ${user}`);
}

export function dispatchVolume(dispatch: Dispatch, instruction: VolumeInstruction): void {
  const volumes = instruction.volumes.map(expander(dispatch));
  const all = (dispatch.stage.image.config.volumes ??= new Set());
  for (const volume of volumes) {
    if (volume === '') throw new Error('VOLUME specified can not be an empty string');
    all.add(volume);
  }
  commit(dispatch, `VOLUME ${formatList(volumes)}`);
}
