import type { BuildOptions } from 'esbuild';

export const root: string;
export const bundles: readonly (BuildOptions & { readonly entryPoints: Readonly<Record<string, string>> })[];
