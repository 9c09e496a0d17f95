/** Of one expected file: a table of 10,000 columns, the most there can be, takes a few megabytes. */
export const MAX_FILE_BYTES = 16 * 2 ** 20;
