import { context } from 'tsfront/build';

/** A workspace of an npm project. */
export interface Workspace {
  /** The name of the package without its scope. */
  readonly name: string;
  /** The name of the package. */
  readonly id: string;
  readonly directory: string;
  /** The file that its `bin` names; undefined for a library. */
  readonly program: string | undefined;
  /** The workspaces that it depends on. */
  readonly needs: readonly Workspace[];
}

interface Manifest {
  readonly name: string;
  readonly bin?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Reads the workspaces of the context, each after those that it depends on. */
export async function readWorkspaces(): Promise<readonly Workspace[]> {
  const { workspaces: patterns } = await context().readJson<{ workspaces: string[] }>('package.json');
  const manifests = new Map<string, Manifest & { readonly directory: string }>();
  for (const path of await context().glob(...patterns.map((pattern) => `${pattern}/package.json`))) {
    const manifest = await context().readJson<Manifest>(path);
    manifests.set(manifest.name, { ...manifest, directory: path.replace(/\/package\.json$/, '') });
  }
  const found = new Map<string, Workspace>();
  const visit = (id: string): Workspace => {
    const known = found.get(id);
    if (known) return known;
    const { directory, bin, dependencies = {} } = manifests.get(id)!;
    const needs = Object.keys(dependencies).filter((name) => manifests.has(name));
    const workspace = { name: id.replace(/^@.*\//, ''), id, directory, program: bin, needs: needs.map(visit) };
    found.set(id, workspace);
    return workspace;
  };
  for (const id of manifests.keys()) visit(id);
  return [...found.values()];
}

/** A workspace and all that it depends on, each once, the deepest first. */
export function closure(workspace: Workspace): readonly Workspace[] {
  return [...new Set([...workspace.needs.flatMap(closure), workspace])];
}
