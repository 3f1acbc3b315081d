import { context, type Stage } from 'tsfront/build';

/** What `service.json` says of a service, and where it is. */
export interface Service {
  readonly name: string;
  readonly folder: string;
  readonly language: 'go' | 'node' | 'python';
  /** The port that it listens on; none if it is a job. */
  readonly port?: number;
}

/** How services of a language are built. */
export interface Language {
  /** The files of the service, alone. */
  files(service: Service): Stage;
  /** Its image. */
  image(service: Service): Stage;
  /** A stage that has run its tests, with their report in `/report`. */
  test(service: Service): Stage;
}

/** All services of the repository. */
export async function readServices(): Promise<readonly Service[]> {
  const files = await context().glob('services/*/service.json');
  return await Promise.all(
    files.map(async (file) => {
      const folder = file.replace(/\/service\.json$/, '');
      const settings = await context().readJson<Omit<Service, 'name' | 'folder'>>(file);
      return { name: folder.replace(/^.*\//, ''), folder, ...settings };
    }),
  );
}
