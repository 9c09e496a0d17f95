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

/** One element of what a query gives. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What a query gives at a minute; empty: an alert on it is quiet. For the queries of the alerts: aggregates of one function
 * over one range, compared with a number or joined by or and unless.
 */
export function evaluate(query: string, series: readonly Series[], minute: number): readonly Sample[] {
  const [expression] = children(parse(query));
  return expression === undefined ? [] : samplesOf(expression, { text: textOf(query), series, minute });
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

function samplesOf(node: SyntaxNode, moment: Moment): readonly Sample[] {
  const { text } = moment;
  switch (node.name) {
    case 'ParenExpr':
      return children(node).flatMap((inner) => samplesOf(inner, moment));
    case 'BinaryExpr':
      return joined(node, moment);
    case 'AggregateExpr':
      return aggregated(node, moment);
    case 'FunctionCall':
      return called(node, moment);
    default:
      throw new Error(`not understood: ${text(node)}`);
  }
}

function joined(node: SyntaxNode, moment: Moment): readonly Sample[] {
  const { text } = moment;
  const [leftNode, operator, rightNode] = children(node);
  if (leftNode === undefined || rightNode === undefined) throw new Error(`not understood: ${text(node)}`);
  const left = samplesOf(leftNode, moment);
  const compare = COMPARISONS[text(operator ?? null)];
  if (compare !== undefined) return left.filter(({ value }) => compare(value, Number(text(rightNode))));
  const right = samplesOf(rightNode, moment);
  switch (text(operator ?? null)) {
    case 'or':
      return [...left, ...without(right, left)];
    case 'unless':
      return without(left, right);
    default:
      throw new Error(`not understood: ${text(node)}`);
  }
}

function without(samples: readonly Sample[], others: readonly Sample[]): readonly Sample[] {
  const keys = new Set(others.map(({ labels }) => JSON.stringify(labels)));
  return samples.filter(({ labels }) => !keys.has(JSON.stringify(labels)));
}

function aggregated(node: SyntaxNode, moment: Moment): readonly Sample[] {
  const { text } = moment;
  const aggregate = AGGREGATES[text(node.getChild('AggregateOp'))];
  const [call] = children(node.getChild('FunctionCallBody'));
  if (call === undefined || aggregate === undefined) throw new Error(`not understood: ${text(node)}`);
  const kept = descendants(node.getChild('AggregateModifier'), 'LabelName').map(text).sort();
  const groups = Map.groupBy(samplesOf(call, moment), ({ labels }) =>
    JSON.stringify(Object.fromEntries(kept.map((label) => [label, labels[label] ?? '']))),
  );
  return [...groups].map(([labels, samples]) => ({
    labels: JSON.parse(labels),
    value: aggregate(samples.map(({ value }) => value)),
  }));
}

function called(node: SyntaxNode, moment: Moment): readonly Sample[] {
  const name = moment.text(node.getChild('FunctionIdentifier'));
  const { matchers, ranges } = rangesOf(node, moment);
  if (name === 'absent_over_time') return ranges.length === 0 ? [{ labels: matchers, value: 1 }] : [];
  const act = OVER_TIME[name];
  if (act === undefined) throw new Error(`not understood: ${name}`);
  return ranges.map(({ labels, values }) => ({ labels, value: act(values) }));
}

/** The values of each series in the range that a function is called with; series without any are left out. */
function rangesOf(call: SyntaxNode, { text, series, minute }: Moment) {
  const [matrix] = descendants(call, 'MatrixSelector');
  const [vector] = descendants(call, 'VectorSelector');
  if (matrix === undefined || vector === undefined) throw new Error(`not understood: ${text(call)}`);
  const { metric, matchers } = selectorOf(vector, text);
  const range = minutes(text(matrix.getChild('DurationExpr')));
  const ranges = series
    .filter((each) => each.metric === metric)
    .filter(({ labels }) => Object.entries(matchers).every(([label, value]) => labels[label] === value))
    .map(({ labels, points }) => ({
      labels,
      values: points.filter(([at]) => at > minute - range && at <= minute).map(([, value]) => value),
    }))
    .filter(({ values }) => values.length > 0);
  return { matchers, ranges };
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
