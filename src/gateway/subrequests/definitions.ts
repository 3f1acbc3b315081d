/** The subrequests a client can ask for instead of a build, as `frontend.subrequests.describe` lists them. */

/** The description of a subrequest in the answer of `frontend.subrequests.describe`. */
export interface SubrequestDefinition {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly opts: readonly Named[] | undefined;
  readonly metadata: readonly Named[];
}

interface Named {
  readonly name: string;
  readonly description: string;
}

const files = (...names: string[]) => names.map((name) => ({ name, description: '' }));

/** Which subrequests there are. */
export const describeDefinition: SubrequestDefinition = {
  name: 'frontend.subrequests.describe',
  version: '1.0.0',
  description: 'List available subrequest types',
  opts: undefined,
  metadata: files('result.json', 'result.txt'),
};

/** The build arguments, secrets and SSH agents that a target takes. */
export const outlineDefinition: SubrequestDefinition = {
  name: 'frontend.outline',
  version: '1.0.0',
  description: 'List all parameters current build target supports',
  opts: [{ name: 'target', description: 'Target build stage' }],
  metadata: files('result.json', 'result.txt'),
};

/** The stages that can be built. */
export const targetsDefinition: SubrequestDefinition = {
  name: 'frontend.targets',
  version: '1.0.0',
  description: 'List all targets current build supports',
  opts: [],
  metadata: files('result.json', 'result.txt'),
};

/** The findings of the lint rules, and the first error. */
export const lintDefinition: SubrequestDefinition = {
  name: 'frontend.lint',
  version: '1.0.0',
  description: 'Lint a Dockerfile',
  opts: [],
  metadata: files('result.json', 'result.txt', 'result.statuscode'),
};

/** The graph of the build as JSON. */
export const convertLlbDefinition: SubrequestDefinition = {
  name: 'frontend.convertllb',
  version: '0.1.0',
  description: 'Convert Dockerfile to LLB',
  opts: [],
  metadata: files('result.json'),
};
