/** The page of `tsfront graph` without its graph. */
export function graphPage(): Promise<string>;

/** The page of the playground. */
export function playground(): Promise<string>;
