import { getOperationAST, OperationTypeNode, type ExecutionArgs, type GraphQLError } from 'graphql';
import { MAX_ANSWER_CHARACTERS } from '../../schema/production.ts';
import { refusalError } from './refusal-errors.ts';

/** What to do when an execution was stopped, because it produced more than an operation may. */
const ADVICE: Readonly<Record<OperationTypeNode, string>> = {
  [OperationTypeNode.QUERY]: 'Ask for smaller pages, or for fewer fields.',
  [OperationTypeNode.MUTATION]: 'What it asked for may have been done: look at its requests before you ask again.',
  [OperationTypeNode.SUBSCRIPTION]: 'Subscribe again with the last `cursor` as `after`, and with a smaller `batchSize` or fewer fields.',
};

/** The only error of an execution that was stopped. Nothing of its answer is given. */
export function stoppedError(
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
  maxObjects: number,
): GraphQLError {
  const type = getOperationAST(document, operationName)?.operation ?? OperationTypeNode.QUERY;
  return refusalError(
    'OPERATION_TOO_LARGE',
    `The ${type} was stopped: its answer would have more than ${maxObjects} objects, or more than ${MAX_ANSWER_CHARACTERS} characters. ${ADVICE[type]}`,
  );
}
