/** @param {string | undefined} port */
export const banner = (port) => `storefront on port ${port}`;
