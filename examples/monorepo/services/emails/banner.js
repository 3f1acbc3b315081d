/** @param {string | undefined} port */
export const banner = (port) => `emails on port ${port}`;
