import {
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  TokenKind,
  validate,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { refusalError } from './refusal-errors.ts';
import { explainError } from './tell-renames.ts';
import { removeValues } from './variable-values.ts';

/** The limits of a document. They are the same for every caller, because parsed and validated documents are kept by their text. */
export const DOCUMENT_LIMITS = {
  /** UTF-8 bytes, counted before the text is read. Our documents have less than 3,000. The values of 10,000 devices belong in variables. */
  bytes: 65_536,
  /** The time of parsing and validating, and the memory of the result, grow with them. Our largest document has 205. */
  tokens: 2_000,
  /** Comments are no tokens, but the parser keeps an object for each. 64 KiB of `#` would be 32,768 objects. */
  comments: 500,
  /** Fields within fields. Requests lead to requests (`retries`, `retryOf`) without end. A screen shows 5 levels. */
  depth: 10,
  /** The same below `__schema` and `__type`. The standard introspection query is 15 deep. */
  introspectionDepth: 20,
  /** An alias makes a field run once more: a thousand of one mutation would be a thousand actions. */
  aliases: 15,
  /** Root fields run side by side, and each has its own work in the store. */
  rootFields: 10,
  /** Directives in the text. Each is looked up and checked wherever it stands. */
  directives: 20,
  errors: 5,
} as const;

/** Options of graphql-js. Each error about a variable prints its value, so there are few. Suggestions would tell names of the schema. */
export const EXECUTION_OPTIONS = { hideSuggestions: true, options: { maxCoercionErrors: DOCUMENT_LIMITS.errors } } as const;

/**
 * Runs before parsing, and before anything is kept of the text.
 *
 * @throws GraphQLError OPERATION_TOO_LARGE
 */
export function checkBytes(source: string): void {
  const bytes = Buffer.byteLength(source);
  if (bytes > DOCUMENT_LIMITS.bytes) throw limitError('Bytes of the document', bytes, DOCUMENT_LIMITS.bytes);
}

/**
 * Parses a document within the limits on tokens and comments.
 *
 * @throws GraphQLError OPERATION_TOO_LARGE, or the syntax error without any text of the document
 */
export function parseWithin(source: string): DocumentNode {
  try {
    return parse(source, { maxLexicalTokens: DOCUMENT_LIMITS.tokens, maxComments: DOCUMENT_LIMITS.comments });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const kind = /^Syntax Error: Document contains more than \d+ (tokens|comments)\./.exec(error.message)?.[1];
    if (kind !== 'tokens' && kind !== 'comments') throw removeValues(error);
    const limit = DOCUMENT_LIMITS[kind];
    throw limitError(`${kind === 'tokens' ? 'Tokens' : 'Comments'} of the document`, `more than ${limit}`, limit);
  }
}

export function validateWithin(schema: GraphQLSchema, document: DocumentNode, rules?: readonly ValidationRule[]): readonly GraphQLError[] {
  const faults = limitFaults(document);
  return faults.length > 0 ? faults : validateQuietly(schema, document, rules);
}

/** Validates a document. It reports only a few errors, without values and without names that the caller did not write. */
export function validateQuietly(
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[] = specifiedRules,
): readonly GraphQLError[] {
  return validate(schema, document, rules, { maxErrors: DOCUMENT_LIMITS.errors, hideSuggestions: true }).map((error) =>
    // graphql-js gives up when too many fields of one name stand side by side, because it would compare each with each.
    error.message === 'Validation aborted.'
      ? limitError('Comparisons of repeated fields', 'more than 500000', 500_000)
      : explainError(error),
  );
}

/** One error for each limit of form that the document is over. It takes time linear in the text, however often a fragment is spread. */
export function limitFaults(document: DocumentNode): readonly GraphQLError[] {
  const { depth, introspectionDepth, aliases, rootFields } = measure(document);
  const found = [
    ['Fields within fields', depth, DOCUMENT_LIMITS.depth],
    ['Fields within fields of the introspection', introspectionDepth, DOCUMENT_LIMITS.introspectionDepth],
    ['Aliases of the operation, with those of its fragments', aliases, DOCUMENT_LIMITS.aliases],
    ['Root fields of the operation, with those of its fragments', rootFields, DOCUMENT_LIMITS.rootFields],
    ['Directives of the document', directivesOf(document), DOCUMENT_LIMITS.directives],
  ] as const;
  return found.filter(([, amount, limit]) => amount > limit).map(([what, amount, limit]) => limitError(what, amount, limit));
}

interface Measure {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly aliases: number;
  readonly rootFields: number;
}

const EMPTY_MEASURE: Measure = { depth: 0, introspectionDepth: 0, aliases: 0, rootFields: 0 };

/** The maximum over all operations, because it is not known yet which one will run. */
function measure(document: DocumentNode): Measure {
  const fragments = fragmentsOf(document);
  const measured = new Map<string, Measure>();

  const ofSet = (set: SelectionSetNode | undefined): Measure => (set?.selections ?? []).map(ofSelection).reduce(addMeasures, EMPTY_MEASURE);

  function ofSelection(selection: SelectionNode): Measure {
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSet(selection.selectionSet);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
    const inner = ofSet(selection.selectionSet);
    const introspects = selection.name.value === '__schema' || selection.name.value === '__type';
    return {
      depth: introspects ? 1 : 1 + inner.depth,
      introspectionDepth: introspects ? 1 + inner.depth : inner.introspectionDepth,
      aliases: inner.aliases + (selection.alias ? 1 : 0),
      rootFields: 1,
    };
  }

  function ofFragment(name: string): Measure {
    const known = measured.get(name);
    if (known) return known;
    // A cycle of fragments comes back here. It counts as nothing, and validation refuses it.
    measured.set(name, EMPTY_MEASURE);
    const whole = ofSet(fragments.get(name)?.selectionSet);
    measured.set(name, whole);
    return whole;
  }

  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.map(({ selectionSet }) => ofSet(selectionSet)).reduce(largerMeasures, EMPTY_MEASURE);
}

function addMeasures(left: Measure, right: Measure): Measure {
  return { ...largerMeasures(left, right), aliases: left.aliases + right.aliases, rootFields: left.rootFields + right.rootFields };
}

function largerMeasures(left: Measure, right: Measure): Measure {
  return {
    depth: Math.max(left.depth, right.depth),
    introspectionDepth: Math.max(left.introspectionDepth, right.introspectionDepth),
    aliases: Math.max(left.aliases, right.aliases),
    rootFields: Math.max(left.rootFields, right.rootFields),
  };
}

function directivesOf({ loc }: DocumentNode): number {
  let count = 0;
  for (let token = loc?.startToken ?? null; token; token = token.next) if (token.kind === TokenKind.AT) count++;
  return count;
}

const fragmentsByDocument = new WeakMap<DocumentNode, ReadonlyMap<string, FragmentDefinitionNode>>();

/** The fragments of a document by name. If several have one name, the last one counts. */
export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const known = fragmentsByDocument.get(document);
  if (known) return known;
  const definitions = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
  fragmentsByDocument.set(document, fragments);
  return fragments;
}

/** Fragments within fragments can turn a short text into astronomically many fields. The exact number is no help then. */
const COUNTED_UP_TO = 1_000_000;

function limitError(what: string, found: number | string, limit: number): GraphQLError {
  const amount = typeof found === 'number' && found > COUNTED_UP_TO ? `more than ${COUNTED_UP_TO}` : found;
  const message = `${what}: ${amount}, and the limit is ${limit}. Ask in several operations, and pass inputs as variables.`;
  return refusalError('OPERATION_TOO_LARGE', message);
}
