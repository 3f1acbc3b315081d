/** Chooses the frontend that reads the Dockerfile. */
import type { InProcessBridge } from '../../client/index.ts';
import type { ArgWatch } from '../../daemonless/build-arg-use.ts';
import type { Bridge, Result } from '../../gateway/bridge.ts';
import { defaultDockerfileName } from '../../gateway/frontend-files.ts';
import { decodeText } from '../../go/text.ts';
import { trimSpace } from '../../go/unicode.ts';
import type { Definition } from '../../llb/index.ts';

/**
 * Builds with the chosen frontend.
 * @param upload the definition of an archive on standard input, which can be read only once
 */
export type ChosenFrontend = (bridge: InProcessBridge, upload?: Definition) => Promise<Result>;

/**
 * Chooses a frontend. tsfront's own runs in this process; others are solved through the gateway, so that their answers
 * are visible. A frontend chosen by the user ignores `# syntax=`, because `cmdline` says that it was already evaluated.
 */
export function chooseFrontend(name: string | undefined, watch: ArgWatch): ChosenFrontend {
  if (name === undefined || name === 'tsfront')
    return (bridge) => watch.run(bridge, name === undefined ? 'unequal' : 'none');
  return (bridge, upload) => solveWith(bridge, name, { cmdline: name }, upload);
}

/**
 * The daemon's built-in frontend, which makes the same provenance as buildx. It forwards the file to the frontend that
 * `# syntax=` or BUILDKIT_SYNTAX names, unless that is one of Docker's that tsfront equals, which is not pulled here
 * either.
 */
export async function daemonFrontend(bridge: InProcessBridge, upload?: Definition): Promise<Result> {
  const { source, upload: read } = await findSyntax(bridge, upload);
  return solveWith(bridge, 'dockerfile.v0', source === undefined ? {} : { cmdline: source }, read);
}

function solveWith(
  bridge: Bridge,
  name: string,
  more: Readonly<Record<string, string>>,
  upload: Definition | undefined,
): Promise<Result> {
  const { context = '', ...others } = bridge.options.opts;
  const given = upload
    ? { frontendOpt: { ...more, ...others }, frontendInputs: { context: upload, dockerfile: upload } }
    : { frontendOpt: { ...more, ...others, ...(context && { context }) } };
  if (name === 'dockerfile.v0') return bridge.solve({ frontend: name, ...given });
  return bridge.solve({ frontend: 'gateway.v0', ...given, frontendOpt: { ...given.frontendOpt, source: name } });
}

/** @returns Docker's frontend if the file names one, and the definition of an archive on standard input */
async function findSyntax(
  bridge: Bridge,
  given: Definition | undefined,
): Promise<{ readonly source?: string; readonly upload: Definition | undefined }> {
  const { openContext, singleRef } = await import('../../gateway/main-context.ts');
  const { isEqualFrontend } = await import('../../gateway/equal-frontends.ts');
  const { hasNamedContext } = await import('../../gateway/named-context.ts');
  const { parseFrontendOptions } = await import('../../gateway/options.ts');
  const { detectSyntax } = await import('../../parser/directives.ts');
  const { opts } = bridge.options;
  let upload = given;
  try {
    const options = parseFrontendOptions(bridge.options);
    const context = upload === undefined ? await openContext(bridge, options) : undefined;
    if (context && opts['context']?.startsWith('http://buildkit-session/'))
      upload = (await context.main(undefined)).marshal();
    const argument = opts['build-arg:BUILDKIT_SYNTAX'];
    let source = argument === undefined ? undefined : trimSpace(argument).split(' ', 1)[0]!;
    if (argument === undefined) {
      const data = upload
        ? await bridge.readFile(
            singleRef(await bridge.solve({ definition: upload })),
            opts['filename'] ?? defaultDockerfileName,
          )
        : (await context!.readEntrypoint()).data;
      source = detectSyntax(decodeText(data))?.value;
    }
    const isEqual = source !== undefined && isEqualFrontend(source) && !hasNamedContext(options, source);
    return { upload, ...(isEqual && source !== undefined && { source }) };
  } catch {
    return { upload }; // the frontend will fail in the same way and report it
  }
}
