import { TABLES, type TableName, type TableOutcome } from './hours.ts';

/*
 * What must follow from a fault, by the rules for reading alone: missing needs two answers, drift is read twice before it is told,
 * what was not read is neither missing nor repaired. It knows nothing of how the monitor is built.
 */

export type Method = 'datasets.list' | 'datasets.get' | 'tables.list' | 'tables.get';

/** What an answer that is none means. */
export type FaultClass = 'passing' | 'denied' | 'throttled' | 'unusable' | 'not signed in' | 'not found';

/** Of the requests for one thing, those after the first `skip`, and then `times` of them. */
export interface Moment {
  readonly skip: number;
  readonly times: number;
}

export interface Place {
  readonly method: Method | null;
  /** null: any. */
  readonly dataset: string | null;
  readonly table: string | null;
}

/** What has become of the warehouse since the hour before, beside the repair of `sales.items`. */
export type Change = 'nothing' | 'crm.people loses a field' | 'crm.people is dropped' | 'crm is dropped';

export interface Scenario {
  readonly change: Change;
  readonly fault: FaultClass;
  readonly place: Place;
  readonly moment: Moment;
}

export interface Expected {
  readonly http: number;
  readonly said: string;
  readonly tables: Readonly<Record<TableName, TableOutcome>>;
  readonly counts: readonly [number, number, number];
  readonly success: number;
  readonly told: readonly string[];
}

/** How often a question is asked at most. */
const ATTEMPTS: Readonly<Partial<Record<FaultClass, number>>> = {
  passing: 6,
  throttled: 6,
  'not signed in': 2,
};

type Answer = 'there' | 'changed' | 'absent';
type Read = Answer | Exclude<FaultClass, 'passing' | 'not signed in' | 'not found'> | 'unanswered';

const isAnswer = (read: Read): read is Answer => read === 'there' || read === 'changed' || read === 'absent';

/** The answers to one question asked again and again, some of them faults. */
function question(thing: Place, truth: Answer, { fault, place, moment }: Scenario): () => Read {
  const isHit = (['method', 'dataset', 'table'] as const).every(
    (part) => place[part] === null || place[part] === thing[part],
  );
  let requests = 0;
  const ask = (): Answer | FaultClass => {
    const request = requests;
    requests += 1;
    return isHit && request >= moment.skip && request < moment.skip + moment.times ? fault : truth;
  };
  return () => {
    for (let attempt = 0; attempt < (ATTEMPTS[fault] ?? 1); attempt += 1) {
      const answer = ask();
      if (answer === 'not found') return 'absent';
      if (answer !== 'passing' && answer !== 'not signed in' && answer !== 'throttled') return answer;
    }
    return fault === 'throttled' ? 'throttled' : 'unanswered';
  };
}

const split = (name: TableName) => name.split('.') as [dataset: string, table: string];
const DATASETS = ['sales', 'crm'] as const;

const REPAIRED = 'sales.items: field amount is missing';

function truths(change: Change) {
  const isGone = (dataset: string) => change === 'crm is dropped' && dataset === 'crm';
  const findings: Readonly<Record<Change, string | null>> = {
    nothing: null,
    'crm.people loses a field': 'crm.people: field amount is missing',
    'crm.people is dropped': 'crm.people: the table is missing',
    'crm is dropped': 'dataset crm: the dataset is missing',
  };
  return {
    datasetIs: (dataset: string): Answer => (isGone(dataset) ? 'absent' : 'there'),
    tableIs: (name: TableName): Answer => {
      if (isGone(split(name)[0])) return 'absent';
      if (name !== 'crm.people' || change === 'nothing') return 'there';
      return change === 'crm.people is dropped' ? 'absent' : 'changed';
    },
    finding: findings[change],
    outcomeOf: (name: TableName): TableOutcome => {
      if (change === 'nothing') return 'in sync';
      return name === 'crm.people' || isGone(split(name)[0]) ? 'drifted' : 'in sync';
    },
  };
}

/** Read twice where the first answer is news. */
function confirmed<T extends Read>(read: (attempt: 'first' | 'second') => T): T {
  const first = read('first');
  return first === 'changed' || first === 'absent' ? read('second') : first;
}

/** The hour of the fault, and the healthy one that follows. */
export function expectedOf(scenario: Scenario): { readonly faulty: Expected; readonly healthy: Expected } {
  const truth = truths(scenario.change);
  const list = question({ method: 'datasets.list', dataset: '*', table: null }, 'there', scenario)();
  const tableLists = new Map<string, Read>();
  const datasets = new Map<string, Read>();
  const tables = new Map<TableName, Read>();
  for (const dataset of DATASETS) {
    const about = { dataset, table: null };
    const askList = question({ method: 'tables.list', ...about }, truth.datasetIs(dataset), scenario);
    const tableList = askList();
    tableLists.set(dataset, tableList);
    const askDataset = question({ method: 'datasets.get', ...about }, truth.datasetIs(dataset), scenario);
    const readDataset = (): Read => {
      const answer = askDataset();
      if (answer !== 'absent' || list === 'there') return answer;
      return list === 'absent' ? 'unanswered' : list;
    };
    const read = confirmed(readDataset);
    let isGoneSince = false;
    for (const name of TABLES.filter((candidate) => split(candidate)[0] === dataset)) {
      const thing: Place = { method: 'tables.get', dataset, table: split(name)[1] };
      const askTable = question(thing, truth.tableIs(name), scenario);
      tables.set(
        name,
        confirmed((attempt): Read => {
          const answer = askTable();
          if (answer !== 'absent' || read === 'absent') return answer;
          // The dataset answers after the table, so that it is not missing with it.
          const parent = attempt === 'second' ? askDataset() : read;
          if (parent === 'absent') isGoneSince = true;
          if (parent === 'absent') return 'unanswered';
          return isAnswer(parent) || tableList === 'there' ? answer : parent;
        }),
      );
    }
    datasets.set(dataset, isGoneSince ? confirmed(readDataset) : read);
  }

  const isMissing = (dataset: string) => datasets.get(dataset) === 'absent';
  const readOf = (name: TableName) => tables.get(name) ?? 'unanswered';
  const outcomeOf = (name: TableName): TableOutcome => {
    if (isMissing(split(name)[0])) return 'drifted';
    const read = readOf(name);
    if (!isAnswer(read)) return 'unchecked';
    return read === 'there' ? 'in sync' : 'drifted';
  };
  const found = [
    ...DATASETS.filter(isMissing).map((dataset) => `dataset ${dataset}: the dataset is missing`),
    ...TABLES.filter((name) => !isMissing(split(name)[0])).flatMap((name) => {
      if (readOf(name) === 'changed') return `${name}: field amount is missing`;
      return readOf(name) === 'absent' ? `${name}: the table is missing` : [];
    }),
  ];
  const isRepaired = !isMissing('sales') && readOf('sales.items') === 'there';
  const unchecked = [
    ...(list === 'there' ? [] : [{ dataset: '*', table: null, isNews: false }]),
    ...DATASETS.filter((dataset) => !isMissing(dataset)).flatMap((dataset) => {
      const own = datasets.get(dataset) ?? 'unanswered';
      const tableList = tableLists.get(dataset) ?? 'unanswered';
      const all = TABLES.filter((name) => split(name)[0] === dataset);
      const unread = all.filter((name) => !isAnswer(readOf(name)));
      const ofTables = unread.map((name) => ({
        dataset,
        table: split(name)[1],
        isNews: readOf(name) === 'denied',
      }));
      const whole = { dataset, table: null, isNews: own === 'denied' };
      if (!isAnswer(own)) return unread.length === all.length ? [whole] : [whole, ...ofTables];
      return tableList === 'there' ? ofTables : [...ofTables, { ...whole, isNews: false }];
    }),
  ];
  const outcomes = TABLES.map(outcomeOf);
  const isDrifted = found.length > 0;
  const isBlind = !isDrifted && outcomes.every((outcome) => outcome === 'unchecked');
  const markNotified = unchecked.filter(({ isNews }) => isNews || isBlind);
  const nameOf = (dataset: string) => (dataset === '*' ? 'the list of datasets' : dataset);
  const uncheckedNames = markNotified.flatMap(({ dataset, table }) => [
    nameOf(dataset),
    ...(table ? [table] : []),
  ]);

  const isBack = ({ dataset, table }: { readonly dataset: string; readonly table: string | null }) => {
    if (dataset === '*') return true;
    if (truth.datasetIs(dataset) === 'absent') return false;
    return table === null || truth.tableIs(`${dataset}.${table}` as TableName) !== 'absent';
  };
  const backNames = markNotified.filter(isBack).map(({ dataset, table }) => {
    if (dataset === '*') return 'the list of datasets';
    return table === null ? `dataset ${dataset}` : `${dataset}.${table}`;
  });
  const stillOpen = [...found, ...(isRepaired ? [] : [REPAIRED])];
  const isProjectGone = isBlind && list === 'absent';
  const failure = isProjectGone ? 'ProjectNotFound' : 'NothingRead';
  const status = unchecked.length > 0 ? 'incomplete' : 'in-sync';
  const said = isBlind ? failure : isDrifted ? 'drifted' : status;
  return {
    faulty: {
      http: isBlind ? 500 : 200,
      said,
      tables: recordOf(outcomeOf),
      counts: countsOf(outcomes),
      success: isBlind ? 0 : 1,
      told: [
        ...message('Drift', found),
        ...message('Resolved', isRepaired ? [`repaired ${REPAIRED}`] : []),
        ...message('Unchecked', isProjectGone ? ['the project'] : [...new Set(uncheckedNames)]),
      ],
    },
    healthy: {
      http: 200,
      said: truth.finding === null ? 'in-sync' : 'drifted',
      tables: recordOf(truth.outcomeOf),
      counts: countsOf(TABLES.map(truth.outcomeOf)),
      success: 1,
      told: [
        ...message('Drift', truth.finding === null || found.includes(truth.finding) ? [] : [truth.finding]),
        ...message('Resolved', [
          ...backNames.map((name) => `can be checked again ${name}`),
          ...stillOpen.filter((finding) => finding !== truth.finding).map((finding) => `repaired ${finding}`),
        ]),
      ],
    },
  };
}

function countsOf(outcomes: readonly TableOutcome[]): [number, number, number] {
  const count = (outcome: TableOutcome) => outcomes.filter((candidate) => candidate === outcome).length;
  return [count('in sync'), count('drifted'), count('unchecked')];
}

function recordOf(outcomeOf: (name: TableName) => TableOutcome): Record<TableName, TableOutcome> {
  return Object.fromEntries(TABLES.map((name) => [name, outcomeOf(name)])) as Record<TableName, TableOutcome>;
}

function message(topic: string, facts: readonly string[]): readonly string[] {
  return facts.length === 0 ? [] : [[topic, ...facts.toSorted()].join(' | ')];
}
