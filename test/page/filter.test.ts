import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, type Filtered, isEmpty, match, parseFilter, printFilter } from '../../page/filter.ts';
import { RUNS } from '../support/runs.ts';

const none: Filter = { q: '', dataset: '', kind: '', consumer: '', severity: [], status: [] };

const orders: Filtered = {
  dataset: 'sales',
  status: 'drifted',
  consumers: ['integration-service'],
  findings: [
    { severity: 'critical', kind: 'field-missing' },
    { severity: 'info', kind: 'field-unexpected' },
  ],
  text: () => 'sales.orders field amount is missing',
};

describe('a filter', () => {
  test.each([
    { fragment: '', filter: none },
    { fragment: '#', filter: none },
    {
      fragment: '#severity=critical,warning&dataset=sales',
      filter: { ...none, severity: ['critical', 'warning'], dataset: 'sales' },
    },
    {
      fragment: '#q=a%20b+c&kind=field-type&consumer=x%2Cy&status=in-sync',
      filter: { ...none, q: 'a b c', kind: 'field-type', consumer: 'x,y', status: ['in-sync'] },
    },
    { fragment: '#at=sales.orders', filter: none },
  ])('is read from "$fragment"', ({ fragment, filter }) => {
    expect(parseFilter(fragment)).toEqual(filter);
  });

  test('is printed so that it is read again, whatever is asked for', () => {
    const word = fc.string({ unit: 'grapheme' });
    const words = fc.array(fc.constantFrom('critical', 'warning', 'in-sync'));
    const filters = fc.record({
      q: word,
      dataset: word,
      kind: word,
      consumer: word,
      severity: words,
      status: words,
    });
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(`#${printFilter(filter)}`)).toEqual(filter);
      }),
      RUNS,
    );
  });

  test('that asks for nothing is empty, and says nothing', () => {
    expect([printFilter(none), isEmpty(none), isEmpty({ ...none, status: ['drifted'] })]).toEqual([
      '',
      true,
      false,
    ]);
  });
});

describe('match', () => {
  test.each<{ name: string; filter: Partial<Filter>; isShown: boolean; findings: readonly boolean[] }>([
    { name: 'nothing', filter: {}, isShown: true, findings: [true, true] },
    { name: 'its dataset', filter: { dataset: 'sales' }, isShown: true, findings: [true, true] },
    { name: 'another dataset', filter: { dataset: 'crm' }, isShown: false, findings: [true, true] },
    {
      name: 'one of its severities',
      filter: { severity: ['critical'] },
      isShown: true,
      findings: [true, false],
    },
    {
      name: 'a severity it has not',
      filter: { severity: ['warning'] },
      isShown: false,
      findings: [false, false],
    },
    {
      name: 'two severities',
      filter: { severity: ['warning', 'info'] },
      isShown: true,
      findings: [false, true],
    },
    {
      name: 'one of its kinds',
      filter: { kind: 'field-unexpected' },
      isShown: true,
      findings: [false, true],
    },
    {
      name: 'a kind that has not that severity',
      filter: { kind: 'field-unexpected', severity: ['critical'] },
      isShown: false,
      findings: [false, false],
    },
    {
      name: 'who reads it',
      filter: { consumer: 'integration-service' },
      isShown: true,
      findings: [true, true],
    },
    { name: 'who does not', filter: { consumer: 'dashboards' }, isShown: false, findings: [true, true] },
    {
      name: 'its status',
      filter: { status: ['drifted', 'unchecked'] },
      isShown: true,
      findings: [true, true],
    },
    { name: 'another status', filter: { status: ['in-sync'] }, isShown: false, findings: [true, true] },
    {
      name: 'its words in any order and case',
      filter: { q: ' AMOUNT  orders ' },
      isShown: true,
      findings: [true, true],
    },
    { name: 'a word more', filter: { q: 'amount price' }, isShown: false, findings: [true, true] },
  ])('asked for $name: shown $isShown', ({ filter, isShown, findings }) => {
    expect(match(orders, { ...none, ...filter })).toEqual({ isShown, findings });
  });

  test('reads no text where none is looked for', () => {
    const text = () => {
      throw new Error('it was read');
    };
    expect(match({ ...orders, text }, { ...none, dataset: 'sales' }).isShown).toBe(true);
  });
});
