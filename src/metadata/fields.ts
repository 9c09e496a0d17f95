import type { Field } from '../model/table.ts';
import { valueText } from '../model/value.ts';

/** Column names are case-insensitive: https://docs.cloud.google.com/bigquery/docs/schemas */
export function fieldKey(field: { readonly name: string }): string {
  return field.name.toLowerCase();
}

/** Tells of a path whether it names one of the fields, nested ones included, in any letter case. */
export function fieldFinder(fields: readonly Field[]): (path: string) => boolean {
  const byName = new Map(fields.map((field) => [fieldKey(field), field]));
  const inside = new Map<Field, (path: string) => boolean>();
  return (path) => {
    const [name = '', ...rest] = path.split('.');
    const field = byName.get(name.toLowerCase());
    if (field === undefined) return false;
    if (rest.length === 0) return true;
    // A STRUCT whose file does not say what is in it may hold any path.
    if (field.fields === undefined) return field.type === 'STRUCT';
    const find = inside.get(field) ?? fieldFinder(field.fields);
    inside.set(field, find);
    return find(rest.join('.'));
  };
}

/** A field's whole type in GoogleSQL: `ARRAY<STRUCT<a INT64, b STRING(10)>>`. */
export function columnType(field: Field): string {
  const nested = field.fields?.map((child) => `${quoted(child.name)} ${columnType(child)}`);
  const own = valueText(field.type);
  const type = nested === undefined || nested.length === 0 ? own : `${own}<${nested.join(', ')}>`;
  return field.mode === 'REPEATED' ? `ARRAY<${type}>` : type;
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``;
}
