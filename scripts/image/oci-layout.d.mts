/** Creates an empty layout in `directory`; one that is there is replaced, other files are refused. */
export function createLayout(directory: string): { finish(manifests: readonly object[], name: string): object };
