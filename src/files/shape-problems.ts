import type { z } from 'zod';
import { type Advise, didYouMean } from '../model/did-you-mean.ts';
import { MAX_LISTED_OF_FILE, type Problem, unlistedProblems } from '../model/errors.ts';
import { outputOnly } from './file-schemas.ts';

type PathProblem = Omit<Problem, 'file'>;

/** Everything in `content` that has not the shape of `schema`, each with its JSON path. */
export function shapeProblems(
  schema: z.ZodType,
  content: unknown,
  advise: Advise = didYouMean,
): readonly PathProblem[] {
  const result = schema.safeParse(content, { reportInput: true });
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => issueProblems(issue, schema, advise));
}

function issueProblems(issue: z.core.$ZodIssue, schema: z.ZodType, advise: Advise): readonly PathProblem[] {
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const near = advise(issue.input, issue.values.map(String));
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
  // One issue may hold hundreds of thousands.
  const listed = issue.keys.slice(0, MAX_LISTED_OF_FILE).map((key) => ({
    path: jsonPath([...issue.path, key]),
    message: `unknown key ${JSON.stringify(key)}${advise(key, known)}`,
  }));
  const unlisted = issue.keys.length - listed.length;
  return unlisted === 0 ? listed : [...listed, unlistedProblems(unlisted)];
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
