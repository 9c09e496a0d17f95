/** In a statement that restores: a moment, in milliseconds since 1970, at which it was still there. */
export const RESTORED_FROM = '<ms>';

/** How far time travel reaches, where nothing is known of the dataset: https://docs.cloud.google.com/bigquery/docs/time-travel */
export const USUAL_WINDOW = '7 days unless the dataset says less';
