/** What people keep schemas in. Of these only `.json`, in small letters, is read. */
const SCHEMA_FILE = /\.(?:jsonc?|json5|ya?ml|bq|avsc|tf|sql)$/i;

/** Whether a file would be taken for one that says what to expect, and is not read; `name` is without its folder. */
export function isUnreadLookalike(name: string): boolean {
  return SCHEMA_FILE.test(name) && !name.endsWith('.json') && !/^(?:\.|readme(?:\.|$))/i.test(name);
}
