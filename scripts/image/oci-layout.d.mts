/** Creates an empty layout in `folder`; one that is there is replaced, other files are refused. */
export function createLayout(folder: string): { finish(manifests: readonly object[], name: string): object };
