/** Answers what a client asks for with the option `requestid` instead of a build. */
import type { Result } from '../bridge.ts';
import type { BuildFile } from '../build-file.ts';
import { unsupportedSubrequest } from '../error-status.ts';
import type { FrontendOptions } from '../options.ts';
import type { Warner } from '../warner.ts';
import {
  convertLlbDefinition,
  describeDefinition,
  lintDefinition,
  outlineDefinition,
  targetsDefinition,
} from './definitions.ts';
import type { LintedResult } from './lint.ts';

/** The answer; undefined if this is a build. */
export async function handleSubrequest(
  { opts, target }: FrontendOptions,
  file: BuildFile,
  { warn }: Warner,
): Promise<Result | LintedResult | undefined> {
  const request = opts['requestid'];
  switch (request) {
    case undefined:
      return undefined;
    case describeDefinition.name:
      return (await import('./describe.ts')).describeSubrequests();
    case outlineDefinition.name:
      return (await import('./outline.ts')).outline(file, warn);
    case targetsDefinition.name:
      return (await import('./targets.ts')).listTargets(file);
    case lintDefinition.name:
      return (await import('./lint.ts')).lint(file, target, warn);
    case convertLlbDefinition.name:
      return (await import('./convertllb.ts')).convertLlb(file, warn);
    default:
      throw unsupportedSubrequest(request);
  }
}
