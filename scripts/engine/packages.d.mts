export const cache: string;
/** @returns the folder that the packages are unpacked in */
export function unpackPackages(name: string, folder: string, architecture?: string): string;
