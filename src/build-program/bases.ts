/** What stages begin with. */
import { toBase64 } from '../go/base64.ts';
import type { State } from '../llb/state.ts';
import type { BaseNode, Node } from './graph.ts';
import { callers } from './place.ts';
import { type BuildPlatform, platformWord } from './settings.ts';
import { nodeOf } from './source.ts';
import { type ImageConfig, Stage } from './stage.ts';
import { describe, literalOf, refuseUnknown, requireOptions } from './text.ts';

function base(parts: Partial<BaseNode>): Stage {
  return new Stage({
    kind: 'base',
    image: undefined,
    platform: '',
    source: undefined,
    reads: [],
    places: callers(),
    ...parts,
  });
}

/**
 * Options of {@link image}.
 *
 * @example
 * image('golang:1.25', { platform: platform.build }).env('GOARCH', platform.target.architecture)
 * image('debian', { platform: 'linux/arm64' })
 */
export interface FromOptions {
  /** The platform of the image, such as `platform.build` to compile for another one; the target's if absent. */
  readonly platform?: string | BuildPlatform;
}

/**
 * A stage that begins with an image, as FROM does: its environment, working directory, user, entrypoint and so on are
 * inherited. A named context of that name stands in for the image.
 *
 * @example
 * image('debian:trixie-slim').run('apt-get update')
 */
export function image(name: string, options: FromOptions = {}): Stage {
  requireOptions('image', options);
  const { platform = '', ...unknown } = options;
  refuseUnknown('image', unknown);
  const imageName = literalOf(name, 'image: the name');
  if (imageName === '' || /[\s$]/.test(imageName))
    throw new TypeError(`image: ${describe(imageName)} is not a name of an image`);
  return base({ image: imageName, platform: platformWord(platform, 'image: the platform') });
}

/**
 * A stage that begins with nothing.
 *
 * @example
 * scratch().copy(built, '/out/app', '/app').entrypoint(['/app'])
 */
export function scratch(): Stage {
  return base({ image: 'scratch' });
}

/**
 * A stage with the files of several stages, each over those before it, without copying them (BuildKit's merge op). Its
 * config is that of the first one.
 *
 * @example
 * merge(base, tools, scratch().copy('etc', '/etc'))
 */
export function merge(...stages: readonly Stage[]): Stage {
  const nodes = stages.map((stage, index) => requireNode(stage, `merge: argument ${index + 1}`));
  if (nodes.length < 2) throw new TypeError('merge: give two stages or more');
  return base({ reads: nodes, source: (nameOf) => ({ kind: 'merge', stages: nodes.map(nameOf) }) });
}

/**
 * What `upper` has added to and removed from `lower`, as a stage (BuildKit's diff op). Its config is empty.
 *
 * @example
 * merge(runtime, diff(image('debian'), image('debian').run('make install')))
 */
export function diff(lower: Stage, upper: Stage): Stage {
  const nodes = [
    requireNode(lower, 'diff: the first argument'),
    requireNode(upper, 'diff: the second argument'),
  ] as const;
  return base({
    reads: nodes,
    source: (nameOf) => ({ kind: 'diff', lower: nameOf(nodes[0]), upper: nameOf(nodes[1]) }),
  });
}

/**
 * Options of {@link dockerfile}.
 *
 * @example
 * dockerfile('services/api/Dockerfile', { target: 'build', args: { VERSION: version } })
 */
export interface DockerfileOptions {
  /** The stage to build; the last one if absent. */
  readonly target?: string;
  /** Build arguments of the Dockerfile. The program's own are not passed on. */
  readonly args?: Readonly<Record<string, string>>;
}

/**
 * A stage of a Dockerfile of the build context, with its image config: so that a project can move to a program piece by
 * piece.
 *
 * @example
 * dockerfile('Dockerfile', { target: 'build', args: { VERSION: '1.2' } }).run('make test')
 */
export function dockerfile(path = 'Dockerfile', options: DockerfileOptions = {}): Stage {
  requireOptions('dockerfile', options);
  const { target = '', args = {}, ...unknown } = options;
  refuseUnknown('dockerfile', unknown);
  const places = callers();
  const request = {
    path: literalOf(path, 'dockerfile: the path'),
    target: literalOf(target, 'dockerfile: the target'),
    args: Object.fromEntries(Object.entries(args).map(([key, value]) => [key, literalOf(value, `dockerfile: ${key}`)])),
  };
  return base({ source: () => ({ kind: 'dockerfile', ...request, places }) });
}

/**
 * A stage with the files of a state of `tsfront/llb`.
 *
 * @param config the image config; empty if absent
 * @example
 * fromState(http('https://example.com/data.json'))
 */
export function fromState(state: State, config?: ImageConfig): Stage {
  if (typeof (state as Partial<State> | undefined)?.marshal !== 'function')
    throw new TypeError(`fromState: the argument must be a state of tsfront/llb, not ${describe(state)}`);
  const definition = toBase64(state.marshal().encode());
  return base({ source: () => ({ kind: 'definition', definition, config }) });
}

function requireNode(stage: unknown, what: string): Node {
  const node = nodeOf(stage);
  if (!node) throw new TypeError(`${what} must be a stage, not ${describe(stage)}`);
  return node;
}
