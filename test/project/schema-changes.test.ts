import { expect, test } from 'vitest';
import { describeChanges, findUntold } from '../../scripts/schema/describe-changes.ts';

const BEFORE = 'type Query { name(first: Int): String! old: Word word: Word } enum Word { A }';
const AFTER = 'type Query { name(first: Int, after: String): String word: Word } enum Word { A B }';

test('changes of the schema are named, the breaking ones first', () => {
  expect(describeChanges(BEFORE, AFTER).map(({ weight }) => weight)).toEqual(['BREAKING', 'BREAKING', 'DANGEROUS', 'DANGEROUS']);
  expect(describeChanges(BEFORE, BEFORE)).toEqual([]);
});

test('a breaking change that the changelog does not tell is found', () => {
  const changes = describeChanges(BEFORE, AFTER);
  const sentences = (changelog: string) => findUntold(changes, changelog).map(({ sentence }) => sentence);
  expect(sentences('- `Query.name` and `Query.old` are other ones now.')).toHaveLength(2);
  expect(sentences('- Breaking: `Query.name` may be null now.')).toEqual([expect.stringContaining('Query.old')]);
  expect(sentences('- Breaking: `Query.name` may be null now.\n- Breaking: `Query.old` is gone.')).toEqual([]);
});
