import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** One metric in a query. */
export interface Selector {
  readonly metric: string;
  readonly matchers: Readonly<Record<string, string>>;
  /** The labels that what stands around it keeps. */
  readonly grouping: readonly string[];
  /** How far back it looks; null: as far as Prometheus does by itself, 5 minutes. */
  readonly rangeMinutes: number | null;
  /** Within a subquery, how often it is looked at; null: there is none around it. */
  readonly stepMinutes: number | null;
}

/** One series of points, in minutes. */
export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [minute: number, value: number])[];
}

/** @throws Error where the query is no PromQL */
function parse(query: string): SyntaxNode {
  const { topNode } = parser.parse(query);
  topNode.tree?.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${query}`);
    },
  });
  return topNode;
}

/** Every metric of a query. @throws Error where the query is no PromQL */
export function selectorsOf(query: string): readonly Selector[] {
  const text = textOf(query);
  return descendants(parse(query), 'VectorSelector').map((node) => {
    const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : null;
    const subquery = ancestors(node).find(({ name }) => name === 'SubqueryExpr');
    const [, step] = subquery?.getChildren('DurationExpr') ?? [];
    return {
      ...selectorOf(node, text),
      grouping: ancestors(node).flatMap((each) =>
        descendants(each.getChild('AggregateModifier'), 'LabelName').map(text),
      ),
      rangeMinutes: matrix === null ? null : minutes(text(matrix.getChild('DurationExpr'))),
      stepMinutes: step === undefined ? null : minutes(text(step)),
    };
  });
}

/**
 * The value of a query at a minute; null: it has none, so that an alert on it is quiet. For the queries of the alerts: one
 * aggregate of one function over one range, perhaps compared with a number.
 */
export function evaluate(query: string, series: readonly Series[], minute: number): number | null {
  const [expression] = children(parse(query));
  return expression === undefined ? null : valueAt(expression, { text: textOf(query), series, minute });
}

interface Moment {
  readonly text: (node: SyntaxNode | null) => string;
  readonly series: readonly Series[];
  readonly minute: number;
}

const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  max: (values) => Math.max(...values),
};
const OVER_TIME: Readonly<Record<string, (values: readonly number[]) => number>> = {
  last_over_time: (values) => values.at(-1) ?? Number.NaN,
  max_over_time: (values) => Math.max(...values),
};
const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
};

function valueAt(node: SyntaxNode, moment: Moment): number | null {
  const { text } = moment;
  switch (node.name) {
    case 'BinaryExpr': {
      const [left, operator, right] = children(node);
      const compare = COMPARISONS[text(operator ?? null)];
      if (left === undefined || right === undefined || compare === undefined)
        throw new Error(`not understood: ${text(node)}`);
      const value = valueAt(left, moment);
      return value !== null && compare(value, Number(text(right))) ? value : null;
    }
    case 'AggregateExpr': {
      const aggregate = AGGREGATES[text(node.getChild('AggregateOp'))];
      const [call] = children(node.getChild('FunctionCallBody'));
      if (call === undefined || aggregate === undefined) throw new Error(`not understood: ${text(node)}`);
      const values = ranges(call, moment);
      return values.length === 0 ? null : aggregate(values.map((range) => overTime(call, moment)(range)));
    }
    case 'FunctionCall':
      if (text(node.getChild('FunctionIdentifier')) !== 'absent_over_time')
        throw new Error(`not understood: ${text(node)}`);
      return ranges(node, moment).length === 0 ? 1 : null;
    default:
      throw new Error(`not understood: ${text(node)}`);
  }
}

function overTime(call: SyntaxNode, { text }: Moment) {
  const name = text(call.getChild('FunctionIdentifier'));
  const act = OVER_TIME[name];
  if (act === undefined) throw new Error(`not understood: ${name}`);
  return act;
}

/** The values of each series in the range that a function is called with; series without any are left out. */
function ranges(call: SyntaxNode, { text, series, minute }: Moment): readonly (readonly number[])[] {
  const [matrix] = descendants(call, 'MatrixSelector');
  const [vector] = descendants(call, 'VectorSelector');
  if (matrix === undefined || vector === undefined) throw new Error(`not understood: ${text(call)}`);
  const { metric, matchers } = selectorOf(vector, text);
  const range = minutes(text(matrix.getChild('DurationExpr')));
  return series
    .filter((each) => each.metric === metric)
    .filter(({ labels }) => Object.entries(matchers).every(([label, value]) => labels[label] === value))
    .map(({ points }) =>
      points.filter(([at]) => at > minute - range && at <= minute).map(([, value]) => value),
    )
    .filter((values) => values.length > 0);
}

function selectorOf(node: SyntaxNode, text: Moment['text']): Pick<Selector, 'metric' | 'matchers'> {
  const matchers = descendants(node, 'UnquotedLabelMatcher').map((matcher): [string, string] => [
    text(matcher.getChild('LabelName')),
    JSON.parse(text(matcher.getChild('StringLiteral'))),
  ]);
  return { metric: text(node.getChild('Identifier')), matchers: Object.fromEntries(matchers) };
}

const MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440 };

function minutes(duration: string): number {
  const [, count = '', unit = ''] = /^(\d+)([mhd])$/.exec(duration) ?? [];
  return Number(count) * (MINUTES[unit] ?? Number.NaN);
}

function textOf(query: string) {
  return (node: SyntaxNode | null) => (node === null ? '' : query.slice(node.from, node.to));
}

function children(node: SyntaxNode | null): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

function descendants(node: SyntaxNode | null, name: string): readonly SyntaxNode[] {
  return children(node).flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

function ancestors(node: SyntaxNode): readonly SyntaxNode[] {
  return node.parent === null ? [] : [node.parent, ...ancestors(node.parent)];
}
