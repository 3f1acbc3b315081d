/** The image config: OCI's fields with Docker's extensions. */
import {
  decodeJson,
  field,
  type GoType,
  goBool,
  goInt,
  goInt64,
  goList,
  goMap,
  goPointer,
  goSet,
  goSlice,
  goString,
  goStruct,
  goTime,
} from '../go/json-decode.ts';
import { type JsonEncodable, marshalJson } from '../go/json-encode.ts';
import { decodeText, encodeText } from '../go/text.ts';
import { formatTimestamp, type Timestamp } from '../go/time.ts';
import type { Platform } from './platform.ts';
import { defaultPathEnv } from './system-path.ts';

/** An image config. Texts are '' and lists undefined if absent. */
export interface ImageConfig {
  /** When the image was made. */
  created?: Timestamp | undefined;
  /** The author, as MAINTAINER sets it. */
  author: string;
  /** Go's name of the architecture, such as `amd64`. */
  architecture: string;
  /** Go's name of the operating system, such as `linux`. */
  os: string;
  /** The version of Windows. */
  osVersion: string;
  /** The features of Windows. */
  osFeatures: string[] | undefined;
  /** The variant of the architecture, such as `v7`. */
  variant: string;
  /** The settings of containers. */
  config: ContainerConfig;
  /** The layers, by the digests of their uncompressed tars. */
  rootfs: { type: string; diffIds: string[] | undefined };
  /** An entry for each instruction, the oldest first. */
  history: History[];
}

/** undefined and empty lists differ only in fields without Go's omitempty; maps are written in key order. */
interface ContainerConfig {
  user: string;
  exposedPorts: Set<string> | undefined;
  env: string[];
  entrypoint: string[] | undefined;
  cmd: string[] | undefined;
  volumes: Set<string> | undefined;
  workingDir: string;
  labels: Map<string, string> | undefined;
  stopSignal: string;
  argsEscaped: boolean;
  healthcheck: HealthcheckConfig | undefined;
  onBuild: string[] | undefined;
  shell: string[] | undefined;
}

/** Durations are in nanoseconds; 0 means inherited. */
interface HealthcheckConfig {
  test: string[];
  interval: bigint;
  timeout: bigint;
  startPeriod: bigint;
  startInterval: bigint;
  retries: number;
}

interface History {
  created?: Timestamp | undefined;
  createdBy: string;
  author: string;
  comment: string;
  emptyLayer: boolean;
}

const embedded = 'ImageConfig';
const extension = 'DockerOCIImageConfigExt';

const goHealthcheck: GoType<HealthcheckConfig> = goStruct('v1.HealthcheckConfig', {
  test: field('Test', goList(goString())),
  interval: field('Interval', goInt64('time.Duration')),
  timeout: field('Timeout', goInt64('time.Duration')),
  startPeriod: field('StartPeriod', goInt64('time.Duration')),
  startInterval: field('StartInterval', goInt64('time.Duration')),
  retries: field('Retries', goInt),
});

/** The fields of the container config that OCI defines; `path` has the structs that embed it. */
const ociFields = (...path: readonly string[]) => ({
  user: field('User', goString(), ...path),
  exposedPorts: field('ExposedPorts', goSet, ...path),
  env: field('Env', goList(goString()), ...path),
  entrypoint: field('Entrypoint', goSlice(goString()), ...path),
  cmd: field('Cmd', goSlice(goString()), ...path),
  volumes: field('Volumes', goSet, ...path),
  workingDir: field('WorkingDir', goString(), ...path),
  labels: field('Labels', goMap(goString()), ...path),
  stopSignal: field('StopSignal', goString(), ...path),
  argsEscaped: field('ArgsEscaped', goBool, ...path),
});

const goContainerConfig: GoType<ContainerConfig> = goStruct('v1.DockerOCIImageConfig', {
  ...ociFields(embedded),
  healthcheck: field('Healthcheck', goPointer(goHealthcheck), extension),
  onBuild: field('OnBuild', goSlice(goString()), extension),
  shell: field('Shell', goSlice(goString()), extension),
});

const goRootFs: GoType<ImageConfig['rootfs']> = goStruct('v1.RootFS', {
  type: field('type', goString()),
  diffIds: field('diff_ids', goSlice(goString('digest.Digest'))),
});

const goHistory: GoType<History> = goStruct('v1.History', {
  created: field('created', goPointer(goTime)),
  createdBy: field('created_by', goString()),
  author: field('author', goString()),
  comment: field('comment', goString()),
  emptyLayer: field('empty_layer', goBool),
});

/** The Go type of a whole config, for documents that have one as a member. */
export const goImage: GoType<ImageConfig> = goStruct('v1.DockerOCIImage', {
  created: field('created', goPointer(goTime), 'Image'),
  author: field('author', goString(), 'Image'),
  architecture: field('architecture', goString(), 'Image', 'Platform'),
  os: field('os', goString(), 'Image', 'Platform'),
  osVersion: field('os.version', goString(), 'Image', 'Platform'),
  osFeatures: field('os.features', goSlice(goString()), 'Image', 'Platform'),
  variant: field('variant', goString(), 'Image', 'Platform'),
  config: field('config', goContainerConfig),
  rootfs: field('rootfs', goRootFs, 'Image'),
  history: field('history', goList(goHistory), 'Image'),
});

/** An image config without Docker's extensions. */
export type OciImageConfig = Omit<ImageConfig, 'config'> & {
  config: Omit<ContainerConfig, 'healthcheck' | 'onBuild' | 'shell'>;
};

const goOciImage: GoType<OciImageConfig> = goStruct('v1.Image', {
  created: field('created', goPointer(goTime)),
  author: field('author', goString()),
  architecture: field('architecture', goString(), 'Platform'),
  os: field('os', goString(), 'Platform'),
  osVersion: field('os.version', goString(), 'Platform'),
  osFeatures: field('os.features', goSlice(goString()), 'Platform'),
  variant: field('variant', goString(), 'Platform'),
  config: field('config', goStruct('v1.ImageConfig', ociFields())),
  rootfs: field('rootfs', goRootFs),
  history: field('history', goList(goHistory)),
});

/**
 * Reads the fields of a config that OCI defines, as Go's json.Unmarshal does; Docker's extensions are ignored.
 * @throws Error its texts, e.g. `json: cannot unmarshal string into Go struct field ImageConfig.config.Env of type
 * []string`
 */
export function parseOciImageConfig(bytes: Uint8Array): OciImageConfig {
  return decodeJson(decodeText(bytes), goOciImage);
}

/**
 * Reads a config as Go's json.Unmarshal does.
 * @throws Error its texts, e.g. `json: cannot unmarshal string into Go value of type v1.DockerOCIImage`
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  return decodeJson(decodeText(bytes), goImage);
}

/**
 * Writes a config to the byte as Go's json.Marshal does: `config` comes last, because it shadows a member of an
 * embedded struct.
 * @throws Error for a time that RFC 3339 cannot express
 */
export function marshalImageConfig(image: ImageConfig): Uint8Array {
  return encodeText(marshalJson(imageConfigToJson(image)));
}

/**
 * A config as written, for documents that have one as a member. @throws Error for a time that RFC 3339 cannot express
 */
export function imageConfigToJson(image: ImageConfig): JsonEncodable {
  const { config } = image;
  return {
    created: time(image.created),
    author: image.author || undefined,
    architecture: image.architecture,
    os: image.os,
    'os.version': image.osVersion || undefined,
    'os.features': list(image.osFeatures),
    variant: image.variant || undefined,
    rootfs: { type: image.rootfs.type, diff_ids: image.rootfs.diffIds ?? null },
    history: list(
      image.history.map((entry) => ({
        created: time(entry.created),
        created_by: entry.createdBy || undefined,
        author: entry.author || undefined,
        comment: entry.comment || undefined,
        empty_layer: entry.emptyLayer || undefined,
      })),
    ),
    config: {
      User: config.user || undefined,
      ExposedPorts: set(config.exposedPorts),
      Env: list(config.env),
      Entrypoint: list(config.entrypoint),
      Cmd: list(config.cmd),
      Volumes: set(config.volumes),
      WorkingDir: config.workingDir || undefined,
      Labels: config.labels?.size ? config.labels : undefined,
      StopSignal: config.stopSignal || undefined,
      ArgsEscaped: config.argsEscaped || undefined,
      Healthcheck: config.healthcheck && {
        Test: list(config.healthcheck.test),
        Interval: config.healthcheck.interval || undefined,
        Timeout: config.healthcheck.timeout || undefined,
        StartPeriod: config.healthcheck.startPeriod || undefined,
        StartInterval: config.healthcheck.startInterval || undefined,
        Retries: config.healthcheck.retries || undefined,
      },
      OnBuild: list(config.onBuild),
      Shell: list(config.shell),
    },
  };
}

/** The config of a context without one: even the platform is not known. */
export function unknownImage(): ImageConfig {
  return goImage.zero();
}

/** The config of `FROM scratch`. */
export function emptyImage(platform: Platform): ImageConfig {
  return {
    ...goImage.zero(),
    architecture: platform.architecture,
    os: platform.os,
    osVersion: platform.osVersion,
    osFeatures: [...platform.osFeatures],
    variant: platform.variant,
    rootfs: { type: 'layers', diffIds: undefined },
    config: {
      ...goContainerConfig.zero(),
      workingDir: '/',
      // Windows sets PATH itself.
      env: platform.os === 'windows' ? [] : [`PATH=${defaultPathEnv(platform.os)}`],
    },
  };
}

/**
 * A copy whose lists, sets and maps can be changed without changing the original; the entries of the history are
 * shared.
 */
export function cloneImageConfig(image: ImageConfig): ImageConfig {
  const { config, rootfs, osFeatures, history } = image;
  return {
    ...image,
    osFeatures: osFeatures && [...osFeatures],
    config: {
      ...config,
      env: [...config.env],
      entrypoint: config.entrypoint && [...config.entrypoint],
      cmd: config.cmd && [...config.cmd],
      onBuild: config.onBuild && [...config.onBuild],
      shell: config.shell && [...config.shell],
      exposedPorts: config.exposedPorts && new Set(config.exposedPorts),
      volumes: config.volumes && new Set(config.volumes),
      labels: config.labels && new Map(config.labels),
      healthcheck: config.healthcheck && { ...config.healthcheck, test: [...config.healthcheck.test] },
    },
    rootfs: { ...rootfs, diffIds: rootfs.diffIds && [...rootfs.diffIds] },
    history: [...history],
  };
}

function time(value: Timestamp | undefined): string | undefined {
  try {
    return value && formatTimestamp(value);
  } catch (error) {
    const problem = (error as Error).message;
    throw new Error(`json: error calling MarshalJSON for type *time.Time: Time.MarshalJSON: ${problem}`);
  }
}

/** Go's omitempty. */
function list<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items?.length ? items : undefined;
}

function set(items: ReadonlySet<string> | undefined): Map<string, Record<string, never>> | undefined {
  return items?.size ? new Map([...items].map((item) => [item, {}])) : undefined;
}
