import { GraphQLError, parse, type DocumentNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { checkBytes, parseWithin, validateQuietly, validateWithin } from './document-limits.ts';
import { refusalError } from './refusal-errors.ts';
import { removeValues } from './variable-values.ts';

/**
 * Applies the limits of form to every document that yoga parses, whatever door it came through. Trusted documents are only
 * parsed and validated. Yoga keeps the result by the text, so `isTrusted` must always answer the same for the same text.
 */
export function limitDocuments(isTrusted: (text: string) => boolean): Plugin {
  return {
    onParse: ({ params: { source }, setParseFn }) => {
      const text = typeof source === 'string' ? source : source.body;
      if (isTrusted(text)) return setParseFn(guardStack(parse));
      // This throws before yoga's cache, which would keep the text.
      checkBytes(text);
      setParseFn(guardStack(() => parseWithin(text)));
    },
    onValidate: ({ params: { documentAST }, setValidationFn }) =>
      setValidationFn(guardStack(isTrusted(documentAST.loc?.source.body ?? '') ? validateQuietly : validateWithin)),
  };
}

/**
 * The characters of all texts whose documents, or whose errors, are kept. A document takes up to 150 bytes of memory for each
 * character. The 1,024 documents of yoga's own cache could take 900 MB. This takes 75 MB, and holds 450 documents of usual size.
 */
const KEPT_CHARACTERS = 500_000;

/** The option `parserAndValidationCache` of yoga, which keeps documents and syntax errors by their text. */
export function createDocumentCaches() {
  return { documentCache: createTextCache<DocumentNode>(), errorCache: createTextCache<Error>(), validationCache: true };
}

function createTextCache<Value>() {
  const cache = new BoundedCache<string, Value>(KEPT_CHARACTERS);
  return { get: (text: string) => cache.get(text), set: (text: string, value: Value) => cache.set(text, value, text.length) };
}

/** A trusted document may be nested too deeply for the stack to parse or validate it. That is its writer's fault, and no bug of ours. */
function guardStack<Args extends readonly unknown[], Result>(work: (...args: Args) => Result) {
  return (...args: Args): Result => {
    try {
      return work(...args);
    } catch (error) {
      if (error instanceof GraphQLError) throw removeValues(error);
      if (!(error instanceof RangeError)) throw error;
      throw refusalError('OPERATION_TOO_LARGE', 'The document is nested too deeply.');
    }
  };
}
