import { getOperationAST, OperationTypeNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { inSpan } from '../../lib/trace.ts';

/**
 * Runs an operation, a mutation in a span. The span continues the trace of whoever asked over HTTP. On a WebSocket messages have no
 * headers, so there each mutation begins a trace. The name of the operation is a text of the caller, and is left out.
 */
export function traceMutation(args: ExecutionArgs, run: (args: ExecutionArgs) => Promise<ExecutionResult>): Promise<ExecutionResult> {
  if (getOperationAST(args.document, args.operationName)?.operation !== OperationTypeNode.MUTATION) return run(args);
  const { request } = args.contextValue as { readonly request?: Request };
  const traceparent = request?.headers.get('traceparent') ?? null;
  return inSpan(
    OperationTypeNode.MUTATION,
    { 'graphql.operation.type': OperationTypeNode.MUTATION },
    async (span) => {
      const result = await run(args);
      const code = result.errors?.[0]?.extensions['code'];
      if (result.errors) span.fail(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR');
      return result;
    },
    { kind: 'SERVER', traceparent },
  );
}
