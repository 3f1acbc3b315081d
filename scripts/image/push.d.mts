/** @returns the digest */
export function pushLayout(directory: string, name: string): Promise<string>;
