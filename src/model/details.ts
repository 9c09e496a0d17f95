import type { Kind, Subject } from './finding.ts';
import type { Value } from './value.ts';

/** A table with findings as it is expected to be beside as it is: what differs, and what that stands in. */
export interface TableDetails extends Subject {
  readonly table: string;
  /** Differing fields with their ancestors, each after what holds it. */
  readonly fields: readonly FieldLine[];
  /** Differing fields that are left out, beyond those. */
  readonly fieldsLeft: number;
  readonly settings: readonly SettingLine[];
}

export interface FieldLine {
  /** As a finding names it. */
  readonly path: string;
  readonly name: string;
  /** How many fields hold it; 0: a column. */
  readonly depth: number;
  /** null: absent. */
  readonly expected: FieldSide | null;
  readonly actual: FieldSide | null;
}

export interface FieldSide {
  readonly type: string;
  readonly mode: string;
}

/** A setting of the table as a whole, by the kind that compares it. */
export interface SettingLine {
  readonly kind: Kind;
  /** null: absent; undefined: the file does not state it. */
  readonly expected: Value | null | undefined;
  /** undefined: the table is not there. */
  readonly actual: Value | null | undefined;
}
