/** How far time travel can reach: https://docs.cloud.google.com/bigquery/docs/time-travel */
export const LEAST_WINDOW_HOURS = 48;
export const MOST_WINDOW_HOURS = 168;

/** What is known of how far back the data of a dataset can be restored. */
export interface TimeTravel {
  /** The dataset's own window; null: the dataset could not be read. */
  readonly hours: number | null;
  /** When it was seen to be gone. */
  readonly now: Date;
}
