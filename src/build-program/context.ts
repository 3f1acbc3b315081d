/** Build contexts: the files that a build is given. */
import { ask } from './frontend.ts';
import { noteContext } from './settings.ts';
import { Source } from './source.ts';
import { describe, literalOf } from './text.ts';

/**
 * A build context; made by {@link context}. It is a source of copies and mounts, and its files can be read.
 *
 * @example
 * const project = context();
 * const { version } = await project.readJson('package.json');
 * scratch().copy(project, 'dist', '/app').label('version', version)
 */
export class Context extends Source {
  /** The name of a named context; '' for the main context. */
  readonly name: string;
  /** @internal */
  constructor(name: string) {
    super({ name });
    this.name = name;
  }

  /**
   * The text of a file, which the program may read while it plans. Files that the context's own `.dockerignore`
   * excludes are not there.
   * @throws Error if there is no such file
   */
  async readText(path: string): Promise<string> {
    const missing = new Error(`${this.#label()} has no file ${describe(path)}`); // has the line that asks
    const text = await this.#read(path);
    if (text === null) throw missing;
    return text;
  }

  /**
   * A JSON file of the context.
   * @throws Error if there is no such file, SyntaxError if it is not JSON
   */
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse
  async readJson<T = any>(path: string): Promise<T> {
    const broken = new SyntaxError();
    const text = await this.readText(path);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw Object.assign(broken, { message: `${path} is not JSON: ${(error as Error).message}` });
    }
  }

  /** Whether the context has a file or directory of this path. */
  async exists(path: string): Promise<boolean> {
    return (await this.glob(literalOf(path, 'the path').replace(/[\\*?[{]/g, '\\$&'))).length > 0;
  }

  /**
   * The paths that match patterns such as `packages/*&#47;package.json`, sorted. `*` and `?` match within a name, `**`
   * any number of directories.
   */
  async glob(...patterns: readonly string[]): Promise<string[]> {
    const globs = patterns.map((pattern) => literalOf(pattern, 'a pattern'));
    return (await ask({ ask: 'glob', context: this.name, patterns: globs })) as string[];
  }

  async #read(path: string): Promise<string | null> {
    return (await ask({ ask: 'read', context: this.name, path: literalOf(path, 'the path') })) as string | null;
  }

  #label(): string {
    return this.name === '' ? 'the build context' : `the context ${describe(this.name)}`;
  }
}

/**
 * The build context, or one that the build is given by name (`--build-context NAME=…`).
 *
 * @example
 * const { workspaces } = await context().readJson('package.json');
 */
export function context(name = ''): Context {
  const checkedName = literalOf(name, 'the name of a context');
  if (checkedName !== '' && !/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(checkedName))
    throw new TypeError(`${describe(checkedName)} is not a name of a context`);
  noteContext(checkedName);
  return new Context(checkedName);
}
