/** @returns the file of each architecture */
export function makeBinaries(architectures: readonly string[], directory: string): Promise<Record<string, string>>;
