/**
 * The day of a time, as YYYY-MM-DD.
 *
 * @param {Date} time
 */
export const day = (time) => time.toISOString().slice(0, 10);
