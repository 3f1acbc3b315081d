/** @returns the file of each architecture */
export function makeBinaries(architectures: readonly string[], folder: string): Promise<Record<string, string>>;
