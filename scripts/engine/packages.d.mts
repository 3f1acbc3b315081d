export const cache: string;
export const machine: string;
/** @returns the directory that the packages are unpacked in */
export function unpackPackages(name: string, directory: string, architecture?: string): string;
