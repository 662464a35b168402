import { DatabaseSync } from 'node:sqlite';
import { print } from 'graphql';
import {
  DeadLettersDocument,
  RedriveDeadLettersDocument,
  RequestDocument,
  type DeadLettersQuery,
  type DeadLettersQueryVariables,
  type RedriveDeadLettersInput,
  type RedriveDeadLettersMutation,
} from '../../../documents/gql/graphql.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import type { Gateway } from '../../../src/gateway.ts';
import { activateDevices } from '../../support/activate-devices.ts';
import { deviceCallback } from '../../support/device-callback.ts';
import { openGateway } from '../../support/open-gateway.ts';
import { postCallback } from '../../support/post-callback.ts';
import { runDocument } from '../../support/run-document.ts';
import { graphql, type GraphqlAnswer } from '../../support/stack.ts';
import { tempFolder } from '../../support/temp-folder.ts';

export type DeadLetter = DeadLettersQuery['deadLetters']['nodes'][number];

export const CREDENTIALS = { username: 'box-user', password: 'box-password' };
const REGISTERED = { M2M_CALLBACK_USERNAME: CREDENTIALS.username, M2M_CALLBACK_PASSWORD: CREDENTIALS.password };

/** A gateway of this process that can be restarted on its store, with one Request that waits for the callbacks of its devices. */
export interface DeadLetterBox extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly account: string;
  readonly requestId: string;
  readonly gateway: Gateway;
  /** The success message of a device of the Request (from 1), with `more` over it. */
  callback(device: number, more?: Record<string, unknown>): Record<string, unknown>;
  /** POSTs to a listener; throws when it is not acknowledged. */
  post(body: unknown, to?: { readonly account?: string; readonly service?: CallbackService; readonly contentType?: string }): Promise<void>;
  list(variables?: DeadLettersQueryVariables): Promise<readonly DeadLetter[]>;
  /** The outcome of each, in the order of `ids`. */
  redrive(ids: readonly string[], trustCredentials?: boolean): Promise<readonly string[]>;
  tryRedrive(input: RedriveDeadLettersInput): Promise<GraphqlAnswer<RedriveDeadLettersMutation>>;
  /** The status of every device of the Request, in order. */
  statuses(): Promise<readonly string[]>;
  /** Stops the gateway, runs `between` on its store, and starts the next one. */
  restart(env?: Readonly<Record<string, string>>, between?: (store: DatabaseSync) => void): Promise<void>;
}

export async function openDeadLetterBox({ devices = 3, env = {} as Readonly<Record<string, string>> } = {}): Promise<DeadLetterBox> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  simulator.holdCallbacks();
  const storePath = `${folder.path}/gateway.sqlite`;
  const account = simulator.accounts[0] ?? '';
  const open = (more: Readonly<Record<string, string>>) =>
    openGateway(simulator, storePath, { ...REGISTERED, M2M_LOG_LEVEL: 'silent', ...env, ...more });
  let gateway = await open({});
  undo.defer(() => gateway[Symbol.asyncDispose]());
  const query = <Data>(document: string, variables?: Record<string, unknown>) => graphql<Data>(gateway.urls.graphql, document, variables);
  const { id: requestId, carrierRequestId } = await activateDevices({ query, account }, devices);
  const tryRedrive = (input: RedriveDeadLettersInput) => query<RedriveDeadLettersMutation>(print(RedriveDeadLettersDocument), { input });
  const built = undo.move();
  return {
    simulator,
    account,
    requestId,
    get gateway() {
      return gateway;
    },
    callback: (device, more = {}) => ({ ...CREDENTIALS, ...deviceCallback(carrierRequestId, device), ...more }),
    async post(body, { account: to = account, service = 'CarrierService', contentType = 'application/json' } = {}) {
      const status = await postCallback({ gateway, account: to }, service, body, contentType);
      if (status !== 200) throw new Error(`not acknowledged: ${status}`);
    },
    list: async (variables = {}) => (await runDocument(gateway.urls.graphql, DeadLettersDocument, variables)).deadLetters.nodes,
    async redrive(ids, trustCredentials) {
      const { data, errors } = await tryRedrive({ ids: [...ids], ...(trustCredentials !== undefined && { trustCredentials }) });
      if (!data) throw new Error(JSON.stringify(errors));
      return data.redriveDeadLetters.map(({ outcome }) => outcome);
    },
    tryRedrive,
    async statuses() {
      const { request } = await runDocument(gateway.urls.graphql, RequestDocument, { id: requestId });
      return (request?.outcomes.nodes ?? []).map(({ status }) => status);
    },
    async restart(more = {}, between = () => undefined) {
      await gateway[Symbol.asyncDispose]();
      {
        using store = new DatabaseSync(storePath);
        between(store);
      }
      gateway = await open(more);
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
