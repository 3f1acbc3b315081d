/** The settings that users give in their editor, in the section `tsfront`. */

/** All settings. docs/editors.md lists them. */
export interface Settings {
  /** Whether registries may be asked for images and tags. */
  readonly registry: boolean;
  /** Directory of the build context, relative to the workspace directory; '' finds it. */
  readonly context: string;
  /** Target stage; '' for the last stage, and the problems of all. */
  readonly target: string;
  /** Platform of the build; '' for that of this machine. */
  readonly platform: string;
  /** Build arguments by name. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Named contexts by name, as `--build-context` takes them. */
  readonly buildContexts: Readonly<Record<string, string>>;
  /** Files with image tables, as `--images` takes them. */
  readonly images: readonly string[];
  /** Whether lines show what COPY takes of the context. */
  readonly codeLens: boolean;
  /** Whether tsfront's own lint rules run. */
  readonly lint: boolean;
}

/** The settings of an editor that gives none. */
export const defaultSettings: Settings = {
  registry: false,
  context: '',
  target: '',
  platform: '',
  buildArgs: {},
  buildContexts: {},
  images: [],
  codeLens: true,
  lint: true,
};

/** Reads settings. What has another type than it should is left at its default. */
export function readSettings(given: unknown): Settings {
  if (typeof given !== 'object' || given === null) return defaultSettings;
  const values = given as Record<string, unknown>;
  const settings: Record<string, unknown> = { ...defaultSettings };
  for (const [name, initial] of Object.entries(defaultSettings)) {
    const value = values[name];
    if (Array.isArray(initial)) {
      if (Array.isArray(value)) settings[name] = value.filter((it) => typeof it === 'string');
    } else if (typeof initial === 'object') {
      if (typeof value === 'object' && value !== null) settings[name] = texts(value);
    } else if (typeof value === typeof initial) settings[name] = value;
  }
  return settings as unknown as Settings;
}

const texts = (value: object) =>
  Object.fromEntries(Object.entries(value).flatMap(([name, it]) => (typeof it === 'string' ? [[name, it]] : [])));
