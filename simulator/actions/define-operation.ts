import type { z } from 'zod';
import type { AccountBook } from '../accounts/account-book.ts';
import type { RateLimit } from '../auth/rate-limit.ts';
import type { Inventory } from '../devices/inventory.ts';
import { parseJsonBody } from '../http/request-body.ts';
import type { Answer, ApiRequest, Route } from '../http/route.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import type { Action, AnsweredAction } from './action.ts';
import type { DeviceFinder } from './device-finder.ts';
import type { RequestRunner } from './request-runner.ts';

/** What an operation may use of the carrier. */
export interface Carrier {
  readonly settings: Settings;
  readonly accounts: AccountBook;
  readonly inventory: Inventory;
  readonly devices: DeviceFinder;
  readonly rateLimit: RateLimit;
  readonly random: Random;
}

/** An example for the sandbox of a gateway: a GraphQL input that names devices of this carrier. */
export interface OperationExample {
  /** What it shows, in lines of at most 52 characters. */
  readonly about: readonly string[];
  /** The input of the gateway's mutation, without the account. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** One operation on devices, written from its page. */
export interface OperationDefinition<Body> extends Pick<Route, 'endpoint' | 'path' | 'dialect'> {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly example: OperationExample;
  /** Which elements the body has, and of what type. */
  readonly body: z.ZodType<Body>;
  /**
   * Checks the rules of the page in order and finds the devices. Throws a Refusal. The carrier then accepts the action: it
   * answers with a request id and reports by callback, or with the result of each device, and nothing follows. An Answer instead of
   * an action is sent as it is.
   */
  readonly receive: (body: Body, carrier: Carrier, request: ApiRequest) => Action | AnsweredAction | Answer;
}

/** An operation as the carrier finds it in the folder of operations. */
export class Operation {
  readonly endpoint: string;
  readonly path: string;
  readonly example: OperationExample;
  /** The route of the operation on one carrier. */
  readonly route: (carrier: Carrier, runner: RequestRunner) => Route;

  constructor({ endpoint, path, example, route }: Pick<Operation, 'endpoint' | 'path' | 'example' | 'route'>) {
    this.endpoint = endpoint;
    this.path = path;
    this.example = example;
    this.route = route;
  }
}

export function defineOperation<Body>({ body, receive, example, ...route }: OperationDefinition<Body>): Operation {
  return new Operation({
    endpoint: route.endpoint,
    path: route.path,
    example,
    route: (carrier, runner) => ({
      ...route,
      guard: 'session',
      isOperation: true,
      handle: (request) => {
        const received = receive(parseJsonBody(request.body, body), carrier, request);
        if ('reports' in received) return runner.accept(received);
        return 'targets' in received ? runner.answer(received) : received;
      },
    }),
  });
}
