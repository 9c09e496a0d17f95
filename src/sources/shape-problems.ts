import type { z } from 'zod';
import { didYouMean } from '../model/did-you-mean.ts';
import type { Problem } from '../model/errors.ts';
import { outputOnly } from './file-schemas.ts';

type PathProblem = Omit<Problem, 'file'>;

/** Everything in `content` that has not the shape of `schema`, each with its JSON path. */
export function shapeProblems(schema: z.ZodType, content: unknown): readonly PathProblem[] {
  const result = schema.safeParse(content, { reportInput: true });
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => issueProblems(issue, schema));
}

function issueProblems(issue: z.core.$ZodIssue, schema: z.ZodType): readonly PathProblem[] {
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const near = didYouMean(issue.input, issue.values.map(String));
    const known = issue.values.length <= 6 ? `: expected one of ${issue.values.join(', ')}` : '';
    return [
      { path: jsonPath(issue.path), message: `unknown value ${JSON.stringify(issue.input)}${near || known}` },
    ];
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return [{ path: jsonPath(issue.path), message: `is required: ${issue.expected}` }];
  }
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: jsonPath(issue.path), message: lowerFirst(issue.message) }];
  }
  const known = knownKeys(schema, issue.path);
  return issue.keys.map((key) => ({
    path: jsonPath([...issue.path, key]),
    message: `unknown key ${JSON.stringify(key)}${didYouMean(key, known)}`,
  }));
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** `$.schema.fields[2].type` */
export function jsonPath(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    const key = String(step);
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return `$${steps.join('')}`;
}

interface SchemaNode {
  readonly shape?: Readonly<Record<string, SchemaNode>>;
  readonly element?: SchemaNode;
  readonly unwrap?: () => SchemaNode;
}

/** The keys that the object at `path` may have. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let node: SchemaNode | undefined = unwrapped(schema as unknown as SchemaNode);
  for (const step of path) {
    node = typeof step === 'number' ? node?.element : node?.shape?.[String(step)];
    node = node === undefined ? undefined : unwrapped(node);
  }
  return Object.entries(node?.shape ?? {}).flatMap(([key, value]) =>
    (value as unknown) === outputOnly ? [] : [key],
  );
}

/** An optional or nullable schema without those wrappings. */
function unwrapped(node: SchemaNode): SchemaNode {
  return node.element === undefined && node.unwrap !== undefined ? unwrapped(node.unwrap()) : node;
}
