import { day } from '@example/dates';

/**
 * A line of a log.
 *
 * @param {Date} time
 * @param {string} text
 */
export const line = (time, text) => `${day(time)} ${text}`;
