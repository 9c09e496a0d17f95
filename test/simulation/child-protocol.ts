/** What the process tells its parent once it listens. */
export interface Listening {
  readonly port: number;
}

/** Of a request: what time it is, RFC 3339. */
export const NOW_HEADER = 'X-Played-Now';
