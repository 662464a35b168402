import { GraphQLError, parse, type DocumentNode, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { checkBytes, parseWithin, validateQuietly, validateWithin } from './document-limits.ts';
import { refusalError } from './refusal-errors.ts';
import { withoutValues } from './variable-values.ts';

/**
 * The limits of form for every document that is parsed in this yoga, over whatever door it came. Trusted documents are only
 * parsed and validated. What comes of a text is kept by yoga, so `isTrusted` must always say the same of the same text.
 */
export function documentLimits(isTrusted: (text: string) => boolean): Plugin {
  return {
    onParse: ({ params: { source }, setParseFn }) => {
      const text = textOf(source);
      if (isTrusted(text)) return setParseFn(guardStack(parse));
      // Thrown here, ahead of yoga's cache: it would keep the text.
      checkBytes(text);
      setParseFn(guardStack(() => parseWithin(text)));
    },
    onValidate: ({ params: { documentAST }, setValidationFn }) =>
      setValidationFn(guardStack(isTrusted(documentAST.loc?.source.body ?? '') ? validateQuietly : validateWithin)),
  };
}

/**
 * Characters of the texts whose documents, or whose errors, are kept. A document takes up to 150 bytes of memory for each of
 * them: yoga's own 1,024 documents could be 900 MB, this is 75 MB, and 450 documents of the size that clients have.
 */
const KEPT_CHARACTERS = 500_000;

/** Where yoga keeps documents and syntax errors by their text: `parserAndValidationCache`. */
export function documentCaches() {
  return { documentCache: createTextCache<DocumentNode>(), errorCache: createTextCache<Error>(), validationCache: true };
}

function createTextCache<Value>() {
  const cache = new BoundedCache<string, Value>(KEPT_CHARACTERS);
  return { get: (text: string) => cache.get(text), set: (text: string, value: Value) => cache.set(text, value, text.length) };
}

function textOf(source: string | Source): string {
  return typeof source === 'string' ? source : source.body;
}

/** A trusted document may be nested deeper than the stack lets it be parsed or validated: its writer's fault, and no bug of ours. */
function guardStack<Args extends readonly unknown[], Result>(work: (...args: Args) => Result) {
  return (...args: Args): Result => {
    try {
      return work(...args);
    } catch (error) {
      if (error instanceof GraphQLError) throw withoutValues(error);
      if (!(error instanceof RangeError)) throw error;
      throw refusalError('OPERATION_TOO_LARGE', 'The document is nested too deeply.');
    }
  };
}
