/** The file in which buildx keeps a builder (`instances/NAME`), held against what buildx writes. */
import { maxSettingsBytes, readNamedFileSync } from '../../system/named-file.ts';

/** A builder as a file of buildx holds it. */
export interface StoredBuilder {
  readonly driver: string;
  readonly nodes: readonly StoredNode[];
}

/** A node of a builder as a file of buildx holds it. */
export interface StoredNode {
  readonly name: string;
  /** A Docker context, or an address. */
  readonly endpoint: string;
  readonly platforms: readonly { readonly os: string; readonly architecture: string; readonly variant: string }[];
  readonly driverOpts: Readonly<Record<string, string>>;
}

/**
 * Reads the file of a builder.
 * @returns undefined if it is absent
 * @throws Error that names the file and says what in it is not as buildx writes it
 */
export function readBuilderFile(file: string): StoredBuilder | undefined {
  try {
    const builder = objectOf('it', JSON.parse(readNamedFileSync(file, maxSettingsBytes).toString()));
    return {
      driver: textOf('Driver', builder['Driver']),
      nodes: builderList('Nodes', builder['Nodes']).map((it, index) => readNode(`Nodes[${index}]`, it)),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`cannot read the builder ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function readNode(where: string, value: unknown): StoredNode {
  const node = objectOf(where, value);
  const opts = node['DriverOpts'] == null ? {} : objectOf(`${where}.DriverOpts`, node['DriverOpts']);
  return {
    name: textOf(`${where}.Name`, node['Name']),
    endpoint: textOf(`${where}.Endpoint`, node['Endpoint']),
    platforms: builderList(`${where}.Platforms`, node['Platforms']).map((it, index) => {
      const at = `${where}.Platforms[${index}]`;
      const platform = objectOf(at, it);
      const part = (name: string) => textOf(`${at}.${name}`, platform[name]);
      return { os: part('os'), architecture: part('architecture'), variant: part('variant') };
    }),
    driverOpts: Object.fromEntries(
      Object.entries(opts).map(([key, opt]) => [key, textOf(`${where}.DriverOpts.${key}`, opt)]),
    ),
  };
}

function objectOf(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${where} is not an object`);
}

function builderList(where: string, value: unknown): readonly unknown[] {
  if (value == null) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`${where} is not a list`);
}

function textOf(where: string, value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  throw new Error(`${where} is not text`);
}
