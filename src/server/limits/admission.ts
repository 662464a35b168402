import {
  getOperationAST,
  type GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type OperationDefinitionNode,
} from 'graphql';
import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import type { Logger } from '../../logger.ts';
import { currentCaller, type Caller } from '../../resolvers/access/caller.ts';
import type { GraphContext } from '../../schema/context.ts';
import { rateError, refusalError } from './refusal-errors.ts';
import { operationCost } from './operation-cost.ts';
import { demandsOf, refusalFor, type OperationDemands } from './operation-demands.ts';
import { RateLimit } from '../../lib/rate-limit.ts';
import { keptParamsFault, variablesFault } from './variables-form.ts';

export interface AdmissionOptions {
  readonly maxCost: number;
  readonly operationsPerMinute: number;
  readonly mutationsPerMinute: number;
  readonly requestLog: Pick<AuditTrail, 'recordAudit'>;
  readonly logger: Logger;
  readonly onRefused: (code: string) => void;
}

/**
 * Whether an operation that is valid may run, asked once and before anything of it does: the rights of its fields, what it
 * may cost with its variables, how much its caller has asked for lately. The same for every transport.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #operations: RateLimit;
  readonly #mutations: RateLimit;
  readonly #recorded = new RateLimit(RECORDED_PER_MINUTE);
  readonly #demands = new WeakMap<DocumentNode, Map<string, OperationDemands>>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#operations = new RateLimit(options.operationsPerMinute);
    this.#mutations = new RateLimit(options.mutationsPerMinute);
  }

  /** @returns why it may not run; null when it may. */
  refuse(args: ExecutionArgs): GraphQLError | null {
    const operation = getOperationAST(args.document, args.operationName);
    // Execution says which names there are.
    if (!operation) return null;
    const { caller, params } = args.contextValue as GraphContext & Asked;
    const demands = this.#demandsOf(args);
    const error = this.#refusalOf(args, operation, { caller, params }, demands);
    if (!error) return null;
    const code = String(error.extensions['code']);
    this.#options.onRefused(code);
    if (operation.operation === OperationTypeNode.MUTATION) this.#record(caller, demands, code);
    return error;
  }

  /** For a subscription that is open: whether its caller, whose rights may have changed, may still have what it selects. */
  refuseEvent(args: ExecutionArgs): GraphQLError | null {
    return rightsError(currentCaller((args.contextValue as GraphContext).identity), this.#demandsOf(args));
  }

  #refusalOf(
    { schema, document, variableValues }: ExecutionArgs,
    operation: OperationDefinitionNode,
    { caller, params }: Asked & { readonly caller: Caller },
    demands: OperationDemands,
  ): GraphQLError | null {
    const wait = this.#operations.take(caller.id, 1);
    if (wait !== null) return rateError('operations', wait);
    const forbidden = rightsError(caller, demands);
    if (forbidden) return forbidden;
    const fault = operation.operation === OperationTypeNode.SUBSCRIPTION ? keptParamsFault(params) : variablesFault(variableValues);
    if (fault) return fault;
    const { maxCost } = this.#options;
    const cost = operationCost(schema, document, operation, variableValues ?? {}, { stopAt: maxCost });
    if (cost > maxCost) return costError(maxCost);
    if (operation.operation !== OperationTypeNode.MUTATION) return null;
    const pause = this.#mutations.take(caller.id, demands.rootFields.length);
    return pause === null ? null : rateError('mutations', pause);
  }

  #demandsOf({ schema, document, operationName }: ExecutionArgs): OperationDemands {
    let known = this.#demands.get(document);
    if (!known) this.#demands.set(document, (known = new Map<string, OperationDemands>()));
    const name = operationName ?? '';
    let demands = known.get(name);
    const operation = getOperationAST(document, operationName);
    if (!demands) known.set(name, (demands = operation ? demandsOf(schema, document, operation) : NO_DEMANDS));
    return demands;
  }

  /**
   * An action that was asked for and not done is told too, but a caller who may do nothing cannot fill the store with what is
   * never deleted. A store that fails now will be told of by others.
   */
  #record({ id }: Caller, { rootFields }: OperationDemands, outcome: string): void {
    const { requestLog, logger } = this.#options;
    if (this.#recorded.take(id, rootFields.length) !== null) return logger.warn('audit_left_out', { count: rootFields.length });
    const records = rootFields.map((action) => ({ caller: id, action, account: null, devices: null, subject: null, outcome }));
    requestLog.recordAudit(records).catch((error: unknown) => logger.error('audit_failed', { error }));
  }
}

interface Asked {
  /** The request as it came, with its document in `query`. */
  readonly params: object;
}

/** Refused mutations of a caller that go into the audit log in a minute. */
const RECORDED_PER_MINUTE = 600;

const NO_DEMANDS: OperationDemands = { scopes: new Map(), grants: new Map(), withoutRule: null, rootFields: [] };

function rightsError(caller: Caller, demands: OperationDemands): GraphQLError | null {
  const sentence = refusalFor(caller, demands);
  return sentence === null ? null : refusalError('FORBIDDEN', sentence);
}

function costError(maxCost: number): GraphQLError {
  return refusalError(
    'OPERATION_TOO_LARGE',
    `Nothing was run: the operation may ask for more than ${maxCost} objects. Ask for smaller pages, or for fewer lists within lists.`,
  );
}
