import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { currentCaller } from '../../resolvers/access/caller.ts';
import type { GraphContext } from '../../schema/context.ts';
import { rateError } from './refusal-errors.ts';
import { RateLimit } from '../../lib/rate-limit.ts';

/** A person who writes documents in an explorer has some of these. Validating one may take 40 ms. */
const PER_MINUTE = 300;

/**
 * Counts a caller's documents that cannot be run, also those that lack the operation that is named. Admission, which counts
 * operations, never sees them. Over the limit no further document of the caller is parsed in this minute.
 */
export function limitRefusedDocuments(): Plugin<Pick<GraphContext, 'identity'>> {
  const refused = new RateLimit(PER_MINUTE);
  return {
    onParse: ({ context }) => {
      const { id } = currentCaller(context.identity);
      const wait = refused.waitFor(id, 1);
      if (wait !== null) throw rateError('documents', wait);
      return ({ result, context: { params } }) => {
        if (!result || result instanceof Error || !getOperationAST(result, params.operationName)) refused.take(id, 1);
      };
    },
    onValidate: ({ context }) => {
      const { id } = currentCaller(context.identity);
      return ({ valid }) => {
        if (!valid) refused.take(id, 1);
      };
    },
  };
}
