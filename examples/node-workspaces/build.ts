// syntax=ghcr.io/org/tsfront
import { arg, image, mount, type Stage, scratch } from 'tsfront/build';
import { closure, readWorkspaces, type Workspace } from './workspaces.ts';

const version = arg('NODE_VERSION', { default: '24', description: 'Version of Node' });

const workspaces = await readWorkspaces();
const node = image(`node:${version}-alpine`).workdir('/app').env('NODE_ENV', 'production');

// The layer of the manifests: it changes with what is installed, not with the sources.
const manifests = workspaces.map(({ directory }) => `${directory}/package.json`);
const installed = node
  .copy(['package.json', 'package-lock.json', ...manifests], './', { parents: true })
  .run('npm ci', { mounts: [mount.cache('/root/.npm')] });

// A workspace is built after those that it depends on; those that do not need each other are built in parallel.
const built = new Map<Workspace, Stage>();
for (const workspace of workspaces) {
  const { directory, id, name } = workspace;
  const ready = withBuilt(installed, closure(workspace).slice(0, -1));
  built.set(workspace, ready.copy(directory, directory).run(`npm run build --workspace=${id}`).as(`build-${name}`));
}

function withBuilt(stage: Stage, wanted: readonly Workspace[]): Stage {
  return wanted.reduce(
    (sum, workspace) =>
      sum.copy(built.get(workspace)!, `/app/${workspace.directory}/dist`, `${workspace.directory}/dist`),
    stage,
  );
}

function targetsOf(chosen: readonly Workspace[], build: (workspace: Workspace) => Stage) {
  return Object.fromEntries(chosen.map((workspace) => [workspace.name, () => build(workspace)]));
}

/** The image of a workspace that has a program. */
export const images = targetsOf(
  workspaces.filter(({ program }) => program !== undefined),
  (workspace) =>
    withBuilt(
      node
        .copy([...closure(workspace).map(({ directory }) => `${directory}/package.json`)], './', { parents: true })
        .copy(installed, '/app/node_modules', 'node_modules'),
      closure(workspace),
    )
      .user('node')
      .cmd(['node', `${workspace.directory}/${workspace.program}`]),
);

/** What a library is built to, for `--output`. */
export const libraries = targetsOf(
  workspaces.filter(({ program }) => program === undefined),
  (workspace) => scratch().copy(built.get(workspace)!, `/app/${workspace.directory}/dist`, '/'),
);

/** Runs the tests of all workspaces; the result is their report, for `--output`. */
export function test() {
  const sources = installed.copy(['packages', 'apps'], './', { parents: true });
  const tested = withBuilt(sources, workspaces).run('node --test --test-reporter=tap > /report.tap');
  return scratch().copy(tested, '/report.tap', '/');
}
