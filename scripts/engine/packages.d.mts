export const cache: string;
export const machine: string;
/** @returns the folder that the packages are unpacked in */
export function unpackPackages(name: string, folder: string, architecture?: string): string;
