/** A namespace of the descriptors that a Google client library carries as `protos.json`. */
export interface ProtoNamespace {
  readonly nested?: Readonly<Record<string, ProtoNamespace>>;
  readonly fields?: Readonly<Record<string, ProtoField>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
}

interface ProtoField {
  readonly type: string;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ProtoReading {
  /** As the library's own classes take it: durations are messages there. */
  readonly message: unknown;
  /** What the service would refuse. */
  readonly problems: readonly string[];
}

/** Reads JSON as a message, strictly: every key is a field, every value of its type, and what is required is there. */
export function readProtoJson(root: ProtoNamespace, type: string, value: unknown): ProtoReading {
  const path = type.split('.');
  return readMessage({ root, scope: path }, find(root, path), value, '$');
}

interface Context {
  readonly root: ProtoNamespace;
  /** Where names of types are looked up from. */
  readonly scope: readonly string[];
}

function find(root: ProtoNamespace, path: readonly string[]): ProtoNamespace | undefined {
  return path.reduce<ProtoNamespace | undefined>((parent, name) => parent?.nested?.[name], root);
}

/** From the inside out, as protobuf does. */
function resolve(
  { root, scope }: Context,
  type: string,
): { readonly path: readonly string[]; readonly found: ProtoNamespace } {
  for (let depth = scope.length; depth >= 0; depth -= 1) {
    const path = [...scope.slice(0, depth), ...type.split('.')];
    const found = find(root, path);
    if (found?.fields !== undefined || found?.values !== undefined) return { path, found };
  }
  throw new Error(`no such type: ${type}`);
}

function readMessage(
  context: Context,
  type: ProtoNamespace | undefined,
  value: unknown,
  at: string,
): ProtoReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(value, `${at}: expected an object`);
  const fields = type?.fields ?? {};
  const problems: string[] = [];
  const message: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const reading =
      field === undefined
        ? refuse(content, `${at}.${key}: no such field`)
        : readField(context, field, content, `${at}.${key}`);
    message[key] = reading.message;
    problems.push(...reading.problems);
  }
  for (const [key, { options }] of Object.entries(fields)) {
    if (options?.['(google.api.field_behavior)'] === 'REQUIRED' && !(key in value))
      problems.push(`${at}.${key}: required`);
  }
  for (const { oneof } of Object.values(type?.oneofs ?? {})) {
    const given = oneof.filter((key) => key in value);
    if (given.length > 1) problems.push(`${at}: only one of ${given.join(', ')}`);
  }
  return { message, problems };
}

function readField(context: Context, field: ProtoField, value: unknown, at: string): ProtoReading {
  if (field.keyType !== undefined) return readEntries(context, field, value, at);
  if (field.rule !== 'repeated') return readOne(context, field.type, value, at);
  if (!Array.isArray(value)) return refuse(value, `${at}: expected a list`);
  const items = value.map((item, index) => readOne(context, field.type, item, `${at}[${index}]`));
  return {
    message: items.map(({ message }) => message),
    problems: items.flatMap(({ problems }) => problems),
  };
}

function readEntries(context: Context, field: ProtoField, value: unknown, at: string): ProtoReading {
  if (typeof value !== 'object' || value === null) return refuse(value, `${at}: expected an object`);
  const entries = Object.entries(value).map(([key, item]) => ({
    key,
    ...readOne(context, field.type, item, `${at}.${key}`),
  }));
  return {
    message: Object.fromEntries(entries.map(({ key, message }) => [key, message])),
    problems: entries.flatMap(({ problems }) => problems),
  };
}

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  double: (value) => typeof value === 'number',
  int32: (value) => Number.isInteger(value),
};

function readOne(context: Context, type: string, value: unknown, at: string): ProtoReading {
  const isOfType = SCALARS[type];
  if (isOfType !== undefined) return isOfType(value) ? fine(value) : refuse(value, `${at}: expected ${type}`);
  if (type === 'google.protobuf.Duration') return readDuration(value, at);
  if (type === 'google.protobuf.BoolValue') return readOne(context, 'bool', value, at);
  const { path, found } = resolve(context, type);
  if (found.values === undefined) return readMessage({ ...context, scope: path }, found, value, at);
  return typeof value === 'string' && Object.hasOwn(found.values, value)
    ? fine(value)
    : refuse(value, `${at}: expected one of ${Object.keys(found.values).join(', ')}`);
}

function readDuration(value: unknown, at: string): ProtoReading {
  const [, seconds] = /^(\d+)s$/.exec(String(value)) ?? [];
  return seconds === undefined
    ? refuse(value, `${at}: expected seconds such as 60s`)
    : fine({ seconds: Number(seconds) });
}

function fine(message: unknown): ProtoReading {
  return { message, problems: [] };
}

function refuse(message: unknown, problem: string): ProtoReading {
  return { message, problems: [problem] };
}
