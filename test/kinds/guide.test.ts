import { expect, test } from 'vitest';
import { explainKind, listKinds } from '../../src/kinds/guide.ts';
import { KINDS } from '../../src/kinds/index.ts';

test('the list has a line for every kind, in their order', () => {
  const ids = listKinds()
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(ids).toEqual(KINDS.map(({ id }) => id));
});

test.each(KINDS.map(({ id }) => id))(
  '%s: what it finds, how severe it is, why it matters and what to do',
  (kind) => {
    const lines = explainKind(kind).trimEnd().split('\n');
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual([kind, 'finds', 'severity', 'why', 'do']);
    for (const line of lines.slice(3)) expect(line).toMatch(/^ {2}(why|do) +\S.{20,}[.)]$/);
  },
);

test('an unknown kind is refused with the nearest one', () => {
  expect(() => explainKind('partitioning-mising')).toThrow(
    'no kind "partitioning-mising"; did you mean "partitioning-missing"?',
  );
});
