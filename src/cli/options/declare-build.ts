/** `tsfront build` without its action. Modules that read its options take their types from here. */
import { dockerfileCommand } from './dockerfile-command.ts';
import { type OptionsOf, options } from './options.ts';

/** Declares the command, without its action. */
export function declareBuild() {
  return dockerfileCommand('build')
    .summary('build a Dockerfile on a BuildKit daemon')
    .description('Builds a Dockerfile on a BuildKit daemon, which may be part of a Docker engine.')
    .argument(
      '[context]',
      'build context: a directory, a git repository, an http address, or - for an archive or a Dockerfile on standard input',
      '.',
    )
    .usage('[options] [context]')
    .addOption(options.pull)
    .addOption(options.secret)
    .addOption(options.ssh)
    .addOption(options.authHost)
    .addOption(options.addHost)
    .addOption(options.network)
    .addOption(options.cgroupParent)
    .addOption(options.resource)
    .addOption(options.shmSize)
    .addOption(options.ulimit)
    .addOption(options.allow)
    .addOption(options.policy)
    .addOption(options.tag)
    .addOption(options.output)
    .addOption(options.push)
    .addOption(options.load)
    .addOption(options.annotation)
    .addOption(options.attest)
    .addOption(options.provenance)
    .addOption(options.sbom)
    .addOption(options.cacheFrom)
    .addOption(options.cacheTo)
    .addOption(options.iidfile)
    .addOption(options.metadataFile)
    .addOption(options.progress)
    .addOption(options.explain)
    .addOption(options.buildRecord)
    .addOption(options.recordOff)
    .addOption(options.quiet)
    .addOption(options.verbose)
    .addOption(options.debug)
    .addOption(options.call)
    .addOption(options.check)
    .addOption(options.builders)
    .addOption(options.frontend)
    .addOption(options.allowUnknown);
}

/** The options of `tsfront build`. */
export type BuildFlags = OptionsOf<ReturnType<typeof declareBuild>>;
