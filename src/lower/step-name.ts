/** Names of steps as builds show them: `[linux/amd64->arm64 build 2/7] RUN make`. */
import { toUpper } from '../go/unicode.ts';
import { formatPlatform, normalizePlatform, type Platform, parsePlatform } from '../image/platform.ts';
import type { Env, ShellLex } from '../parser/words.ts';

/** The position of a stage among the steps that a build shows. */
export interface StepCounter {
  /** The name of the stage in its steps; '' if it is the only stage. */
  stageName: string;
  /** Number of the current step, from 1; 0 before the first. */
  index: number;
  /** Number of the steps; 0 if they are not shown. */
  total: number;
  /** Whether the current step comes from an ONBUILD of the base image or parent stage. */
  inTrigger: boolean;
}

/** The name of the next step of a stage. It shows `platform` if given. */
export function nextStepName(steps: StepCounter, text: string, platform: Platform | undefined, env: Env): string {
  if (steps.total > 0) steps.index++;
  return stepName(steps, text, platform, env);
}

/** Another name for the current step of a stage. */
export function stepName(steps: StepCounter, text: string, platform: Platform | undefined, env: Env): string {
  if (steps.total === 0) return text;
  const place = platform ? `${formatPlatform(platform)}${formatTarget(platform, targetFromEnv(env))} ` : '';
  const name = steps.stageName === '' ? '' : `${steps.stageName} `;
  const total = String(steps.total);
  const index = String(steps.index).padStart(total.length);
  return `[${place}${name}${index}/${total}] ${steps.inTrigger ? 'ONBUILD ' : ''}${text}`;
}

/** An instruction with its keyword in upper case and its variables expanded, if they can be expanded. */
export function instructionText(code: string, lex: ShellLex, env: Env): string {
  let text = code;
  try {
    text = lex.processWord(code, env).result;
  } catch {
    // A build must not fail because of a step's name.
  }
  const space = text.indexOf(' ');
  return space < 0 ? toUpper(text) : toUpper(text.slice(0, space)) + text.slice(space);
}

/** The platform that a stage builds for, as `->arm64`; '' if it is the stage's own platform. */
function formatTarget(
  stagePlatform: Platform,
  target: Pick<Platform, 'os' | 'architecture' | 'variant'> | undefined,
): string {
  if (!target) return '';
  const targetPlatform = normalizePlatform({
    osVersion: '',
    osFeatures: [],
    ...target,
    os: target.os || stagePlatform.os,
    architecture: target.architecture || stagePlatform.architecture,
  });
  if (targetPlatform.os !== stagePlatform.os) return `->${formatPlatform(targetPlatform)}`;
  if (targetPlatform.architecture === stagePlatform.architecture) return '';
  return `->${targetPlatform.architecture}${targetPlatform.variant === '' ? '' : `/${targetPlatform.variant}`}`;
}

function targetFromEnv(env: Env): Pick<Platform, 'os' | 'architecture' | 'variant'> | undefined {
  const whole = env.get('TARGETPLATFORM');
  if (whole !== undefined) {
    try {
      return parsePlatform(whole);
    } catch {
      // The parts may say more.
    }
  }
  const os = env.get('TARGETOS');
  const architecture = env.get('TARGETARCH');
  const variant = env.get('TARGETVARIANT');
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return { os: os ?? '', architecture: architecture ?? '', variant: variant ?? '' };
}
