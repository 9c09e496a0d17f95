import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';

/* What JSON of any shape holds where something is looked for, as a file states it. */

/** A key of what may be no object; never one that every object inherits. */
export function part(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** undefined: absent, or empty, which is the same. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** int64 as REST spells it. */
export function digits(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
}

/** Of an expiration; an answer may write 0 for none. */
export function orNever(value: unknown): string | null {
  const ms = digits(value);
  return ms === undefined || /^[+-]?0+$/.test(ms) ? null : ms;
}

/** Keys from the outside in. */
export type Path = readonly string[];

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(part, value);
}

/** undefined: the key goes. */
export function setAt(resource: Resource, [key = '', ...beneath]: Path, value: unknown): Resource {
  const within = part(resource, key);
  const inner = beneath.length === 0 ? value : setAt(isObject(within) ? within : {}, beneath, value);
  if (inner !== undefined) return { ...resource, [key]: inner };
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== key));
}
