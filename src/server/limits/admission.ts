import { getOperationAST, type GraphQLError, OperationTypeNode, type ExecutionArgs, type OperationDefinitionNode } from 'graphql';
import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import type { Logger } from '../../logger.ts';
import { currentCaller, type Caller } from '../../resolvers/access/caller.ts';
import type { GraphContext } from '../../schema/context.ts';
import { rateError, refusalError } from './refusal-errors.ts';
import { operationCost } from './operation-cost.ts';
import { demandsOf, refusalFor, type OperationDemands } from './operation-demands.ts';
import { RateLimit } from '../../lib/rate-limit.ts';
import type { OutgoingBytes } from './outgoing-bytes.ts';
import { keptParamsFault, variablesFault } from './variables-form.ts';

export interface AdmissionOptions {
  readonly maxCost: number;
  readonly operationsPerMinute: number;
  readonly mutationsPerMinute: number;
  readonly outgoing: OutgoingBytes;
  readonly audit: Pick<AuditTrail, 'recordAudit'>;
  readonly logger: Logger;
  readonly onRefused: (code: string) => void;
}

/**
 * Decides whether a valid operation may run, once and before any part of it runs. It checks the rights of the fields, the cost
 * with the variables, and the rate of the caller. It is the same for every transport.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #operations: RateLimit;
  readonly #mutations: RateLimit;
  readonly #recorded = new RateLimit(RECORDED_PER_MINUTE);
  readonly #demands = new WeakMap<OperationDefinitionNode, OperationDemands>();
  readonly #costs = new WeakMap<ExecutionArgs, number>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#operations = new RateLimit(options.operationsPerMinute);
    this.#mutations = new RateLimit(options.mutationsPerMinute);
  }

  /** @returns the reason why the operation may not run, null when it may. */
  refuse(args: ExecutionArgs): GraphQLError | null {
    const operation = getOperationAST(args.document, args.operationName);
    // The execution reports an operation name that the document does not have.
    if (!operation) return null;
    const { caller, params } = args.contextValue as GraphContext & { readonly params: object };
    const demands = this.#demandsOf(args);
    const error = this.#check(args, operation, caller, params, demands);
    if (!error) return null;
    const code = String(error.extensions['code']);
    this.#options.onRefused(code);
    if (operation.operation === OperationTypeNode.MUTATION) this.#record(caller, demands, code);
    return error;
  }

  /** An operation that was admitted has produced more than it may, and was stopped. */
  countStopped(): void {
    this.#options.onRefused('OPERATION_TOO_LARGE');
  }

  /** The same for the next event of an open subscription, whose caller's rights may have changed. */
  refuseEvent(args: ExecutionArgs): GraphQLError | null {
    return rightsError(currentCaller((args.contextValue as GraphContext).identity), this.#demandsOf(args));
  }

  /** Whether the operation selects a field with a secret: an activation code, or the credential of a device. */
  asksForSecrets(args: ExecutionArgs): boolean {
    const { grants } = this.#demandsOf(args);
    return [...grants.keys()].some((grant) => grant !== 'introspection');
  }

  /** About how many bytes the answer of an operation may have, or an event. It is reserved while the operation runs. */
  estimateBytes(args: ExecutionArgs): number {
    return Math.min(this.#costOf(args) * BYTES_OF_OBJECT, this.#options.outgoing.limits.perCaller / LARGEST_AT_ONCE);
  }

  /** It is counted once: a mutation of 10,000 devices has as many items to count. */
  #costOf(args: ExecutionArgs): number {
    const known = this.#costs.get(args);
    if (known !== undefined) return known;
    const { schema, document, operationName, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    const cost = operation ? operationCost(schema, document, operation, variableValues ?? {}, this.#options.maxCost) : 0;
    this.#costs.set(args, cost);
    return cost;
  }

  /** @param params the request as it came, with its document in `query`. */
  #check(
    args: ExecutionArgs,
    operation: OperationDefinitionNode,
    caller: Caller,
    params: object,
    demands: OperationDemands,
  ): GraphQLError | null {
    const wait = this.#operations.take(caller.id, 1);
    if (wait !== null) return rateError('operations', wait);
    const forbidden = rightsError(caller, demands);
    if (forbidden) return forbidden;
    const fault = operation.operation === OperationTypeNode.SUBSCRIPTION ? keptParamsFault(params) : variablesFault(args.variableValues);
    if (fault) return fault;
    const { maxCost } = this.#options;
    if (this.#costOf(args) > maxCost)
      return refusalError(
        'OPERATION_TOO_LARGE',
        `Nothing was run: the operation may ask for more than ${maxCost} objects. Ask for smaller pages, or for fewer lists within lists.`,
      );
    const passed = this.#options.outgoing.passes(caller.id, this.estimateBytes(args));
    if (passed !== null) return passed === 'perCaller' ? UNREAD : BUSY;
    if (operation.operation !== OperationTypeNode.MUTATION) return null;
    const pause = this.#mutations.take(caller.id, demands.rootFields.length);
    return pause === null ? null : rateError('mutations', pause);
  }

  #demandsOf({ schema, document, operationName }: ExecutionArgs): OperationDemands {
    const operation = getOperationAST(document, operationName);
    if (!operation) return NO_DEMANDS;
    let demands = this.#demands.get(operation);
    if (!demands) this.#demands.set(operation, (demands = demandsOf(schema, document, operation)));
    return demands;
  }

  /**
   * A refused mutation is recorded too. The rate keeps a caller without rights from filling the store with records, which are
   * never deleted.
   */
  #record({ id }: Caller, { rootFields }: OperationDemands, outcome: string): void {
    const { audit, logger } = this.#options;
    if (this.#recorded.take(id, rootFields.length) !== null) return logger.warn('audit_left_out', { count: rootFields.length });
    const records = rootFields.map((action) => ({ caller: id, action, account: null, devices: null, subject: null, outcome }));
    audit.recordAudit(records).catch((error: unknown) => logger.error('audit_failed', { error }));
  }
}

/** The most refused mutations of one caller that are written to the audit log in a minute. */
const RECORDED_PER_MINUTE = 600;

/** An outcome with the usual fields takes so many bytes of JSON. */
const BYTES_OF_OBJECT = 512;
/** A caller may run at least so many operations at a time, however much they ask for. */
const LARGEST_AT_ONCE = 4;
/** How long a client may take for what was written to it. After that it has room again, or no connection. */
const UNREAD_FOR_MS = 15_000;

const UNREAD = refusalError(
  'RATE_LIMITED',
  'Nothing was run: you have not yet read what was sent to you before, and it is too much. Read your answers and events, then try again.',
  UNREAD_FOR_MS,
);
const BUSY = refusalError('OVERLOADED', 'Nothing was run: callers have not yet read too much of what was sent to them. Try again.', 1_000);

const NO_DEMANDS: OperationDemands = { scopes: new Map(), grants: new Map(), withoutRule: null, rootFields: [] };

function rightsError(caller: Caller, demands: OperationDemands): GraphQLError | null {
  const sentence = refusalFor(caller, demands);
  return sentence === null ? null : refusalError('FORBIDDEN', sentence);
}
