export const root: string;
export const bundles: readonly object[];
