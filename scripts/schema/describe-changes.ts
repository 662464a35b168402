import { BreakingChangeType, buildSchema, DangerousChangeType, findSchemaChanges } from 'graphql';

export interface SchemaChange {
  /** BREAKING: a document that was valid is not any more, or its answer has another form. DANGEROUS: a client may meet what it does not know. */
  readonly weight: 'BREAKING' | 'DANGEROUS' | 'SAFE';
  /** What changed, in a sentence that names its coordinate: `CarrierRequest.callbackService changed type from String! to String.` */
  readonly sentence: string;
}

const WEIGHTS = { BREAKING: 0, DANGEROUS: 1, SAFE: 2 } as const;
const BREAKING: ReadonlySet<string> = new Set(Object.values(BreakingChangeType));
const DANGEROUS: ReadonlySet<string> = new Set(Object.values(DangerousChangeType));

/** The changes from one schema to another, both in the schema language. The breaking ones come first. */
export function describeChanges(before: string, after: string): readonly SchemaChange[] {
  return findSchemaChanges(buildSchema(before), buildSchema(after))
    .map(({ type, description }) => ({
      weight: BREAKING.has(type) ? ('BREAKING' as const) : DANGEROUS.has(type) ? ('DANGEROUS' as const) : ('SAFE' as const),
      sentence: description,
    }))
    .toSorted((one, other) => WEIGHTS[one.weight] - WEIGHTS[other.weight]);
}

/**
 * The breaking changes that the changelog does not tell. It tells one in a line that begins with "- Breaking:" and has, in backticks, the
 * field or type that changed.
 */
export function findUntold(changes: readonly SchemaChange[], changelog: string): readonly SchemaChange[] {
  const lines = changelog.split('\n').filter((line) => line.startsWith('- Breaking:'));
  const told = new Set(lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)));
  return changes.filter(({ weight, sentence }) => weight === 'BREAKING' && !namesIn(sentence).some((name) => told.has(name)));
}

/** The coordinates in a sentence of graphql-js: `Type`, `Type.field`, `Type.field(arg:)`. */
function namesIn(sentence: string): string[] {
  return [...sentence.matchAll(/[A-Z]\w*(?:\.\w+)?(?:\(\w+:\))?/g)].map(([name]) => name);
}
