/** What buildx does by default, unless one of its environment variables says otherwise. */
import type { Export } from '../../client/index.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { parseBoolean } from '../options/fields.ts';
import type { OutputFlags } from './output-entries.ts';

/** Whether BUILDX_NO_DEFAULT_LOAD is set: then a build without an output stays in the cache. */
export function isDefaultLoadOff(env: Io['env']): boolean {
  return env['BUILDX_NO_DEFAULT_LOAD'] !== '' && isSet(env, 'BUILDX_NO_DEFAULT_LOAD');
}

/**
 * Without an output, a Docker engine keeps what it builds, and the image is loaded from builders with `default-load`.
 * @param loads whether the builder has `default-load`
 */
export function withDefaultLoad(flags: OutputFlags, loads: boolean, env: Io['env']): OutputFlags {
  const keepsByDefault = !isDefaultLoadOff(env);
  const hasOutput = flags.push || flags.output.some((it) => it !== '');
  return { ...flags, keepsByDefault, load: flags.load || (loads && keepsByDefault && !hasOutput) };
}

/** The frontend options for the provenance that images have by default. */
export function defaultAttestations(flags: BuildFlags, env: Io['env']): Record<string, string> {
  const isOff = isSet(env, 'BUILDX_NO_DEFAULT_ATTESTATIONS');
  if (isOff || flags.provenance !== undefined || flags.attest.some((attest) => attest.includes('provenance')))
    return {};
  return { 'attest:provenance': 'mode=min,inline-only=true' };
}

/** With BUILDX_NO_DEFAULT_OCI_ARTIFACT, attestations are not written as OCI artifacts unless the output asks for it. */
export function withArtifactDefault(exports: readonly Export[], env: Io['env']): readonly Export[] {
  return isSet(env, 'BUILDX_NO_DEFAULT_OCI_ARTIFACT') ? exports.map(withoutArtifact) : exports;
}

function withoutArtifact(output: Export): Export {
  const type = output.type === 'custom' ? output.name : output.type;
  if (type !== 'image' && type !== 'oci' && type !== 'moby') return output;
  return { ...output, attrs: { 'oci-artifact': 'false', ...output.attrs } };
}

/** @throws Error for a variable that is neither true nor false */
function isSet(env: Io['env'], name: string): boolean {
  const text = env[name];
  return text !== undefined && parseBoolean(name, text);
}
