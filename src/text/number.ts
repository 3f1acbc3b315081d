/** Numbers for people. */

/** Writes an integer with commas between groups of three digits: `1,048,576`. */
export function formatInteger(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
