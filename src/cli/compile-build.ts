/** Compiles what the options of a command name: a Dockerfile or a build program. */
import type { Compiled, Frontend } from '../daemonless/compile.ts';
import { unknownImagesNote, withUnknownImages } from '../daemonless/unknown-images.ts';
import { UsageError } from '../text/usage-error.ts';
import { Exit } from './exit.ts';
import { reportFailure } from './failure.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';
import { type OpenedBuild, openBuild } from './open-build.ts';
import { reportUnusedArgs } from './options/build-args.ts';
import type { SourceFlags } from './options/daemonless-command.ts';
import { requireWritable } from './output.ts';

/** A compilation, and where its files are. */
export interface CompiledBuild extends Compiled {
  readonly build: Pick<OpenedBuild, 'dirs' | 'options' | 'shown'>;
}

/**
 * Compiles what the options name; errors and warnings are reported here.
 * @param how.refusePolicy whether a Dockerfile that has a Rego policy is refused
 * @param how.takeUnknown whether images that are not known offline count as empty; a note names them
 */
export async function compileBuild(
  context: string,
  flags: SourceFlags,
  io: Io,
  how: { readonly refusePolicy?: boolean; readonly takeUnknown?: boolean } = {},
): Promise<CompiledBuild> {
  if (flags.opt?.has('requestid'))
    throw new UsageError(
      'a request (--opt requestid) is not a build and has no LLB: `tsfront check` lints a Dockerfile',
    );
  requireWritable('--write-images', flags.writeImages);
  const build = await openBuild(context, flags, io);
  try {
    const [{ compile, CompileError }, { formatCompileWarnings }] = await Promise.all([
      import('../daemonless/compile.ts'),
      import('./problems.ts'),
    ]);
    const { watchArgs } = await import('../daemonless/build-arg-use.ts');
    const watch = watchArgs();
    const ownFrontend: Frontend = (bridge) => watch.run(bridge, 'cannot');
    const frontend = how.refusePolicy ? await refusingPolicy(build, ownFrontend) : ownFrontend;
    const opened = how.takeUnknown && flags.offline ? withUnknownImages(build.options) : build.options;
    const compiled = await untilAborted(compile(opened, frontend), io.signal).catch(async (error) => {
      if (!(error instanceof CompileError)) throw error;
      io.writeStderr(formatCompileWarnings(error.warnings, io, build.shown));
      const code = await reportFailure(error, io, build);
      reportUnusedArgs(watch, io);
      throw new Exit(code);
    });
    if (compiled.warnings.length > 0) io.writeStderr(formatCompileWarnings(compiled.warnings, io, build.shown));
    reportUnusedArgs(watch, io);
    if (compiled.unknownImages.size > 0)
      io.writeStderr(`note: ${unknownImagesNote(compiled.unknownImages)}, so digests here are not those of a build\n`);
    await build.keepImages();
    return { ...compiled, build };
  } finally {
    await build.close();
  }
}

/** tsfront's frontend, which refuses a Dockerfile with a policy. @throws Error if the policy is already known */
async function refusingPolicy({ dockerfile, remoteDockerfile }: OpenedBuild, ownFrontend: Frontend): Promise<Frontend> {
  const { refusePolicyBeside, refusingPolicyIn } = await import('./rego-policy.ts');
  await refusePolicyBeside(dockerfile);
  return remoteDockerfile === '' ? ownFrontend : refusingPolicyIn(ownFrontend, remoteDockerfile);
}
