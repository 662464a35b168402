import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  getSingularSelector,
  requestSubscription,
  type ConcreteRequest,
  type Environment,
  type ReaderFragment,
  type Variables,
} from 'relay-runtime';
import { expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { createRelayEnvironment } from '../../../examples/relay-environment.ts';
import { devices } from '../../support/devices.ts';
import { startStack } from '../../support/stack.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { compileRelay } from './compile-relay.ts';

const DEVICES = 3;

interface Device {
  readonly id: string;
  readonly index: number;
  readonly status: string;
  readonly requestId: string;
  readonly deviceIds: readonly { readonly kind: string; readonly value: string }[];
}

interface Requests {
  readonly requests: { readonly edges: readonly { readonly node: object }[] };
}

interface RequestData {
  readonly id: string;
  readonly status: string;
  readonly outcomes: { readonly edges: readonly { readonly node: object }[] };
}

test('relay-compiler takes the schema with a connection, fragments, a mutation, a subscription and node, and a Relay store keeps every id apart', async () => {
  const complaints = vi.spyOn(console, 'error');
  await using folder = await tempFolder();
  const names = await compileRelay(folder.path);
  expect(names).toHaveLength(7);
  const artifact = async <Kind>(name: string): Promise<Kind> => {
    const module = (await import(pathToFileURL(join(folder.path, 'artifacts', `deviceList${name}.graphql.ts`)).href)) as { default: Kind };
    return module.default;
  };
  const requestFragment = await artifact<ReaderFragment>('_request');
  const deviceFragment = await artifact<ReaderFragment>('_device');
  const query = await artifact<ConcreteRequest>('Query');

  await using stack = await startStack();
  const { graphql, websocket } = stack.gateway.urls;
  const environment = createRelayEnvironment({ url: websocket, httpUrl: graphql, webSocketImpl: WebSocket });
  const activate = await artifact<ConcreteRequest>('ActivateMutation');
  const subscription = await artifact<ConcreteRequest>('Subscription');
  const requestIds: string[] = [];
  for (const first of [1, 1 + DEVICES]) {
    const input = {
      accountName: stack.account,
      servicePlan: 'm2m4G2GB',
      mdnZipCode: '98801',
      target: { devices: devices(DEVICES, first) },
    };
    const requestId = await mutate(environment, activate, { input }, requestFragment);
    requestIds.push(requestId);
    await follow(environment, subscription, { requestId });
  }

  const variables = { first: 10, devices: DEVICES };
  await fetchQuery(environment, query, variables).toPromise();
  const owner = createOperationDescriptor(getRequest(query), variables);
  const read = <Data>(fragment: ReaderFragment, item: object) => {
    const selector = getSingularSelector(fragment, item);
    if (!selector) throw new Error('The store has nothing for this fragment.');
    const { data, isMissingData } = environment.lookup(selector);
    expect(isMissingData).toBe(false);
    return data as Data;
  };
  const { requests } = environment.lookup(owner.fragment).data as unknown as Requests;
  const shown = requests.edges.map(({ node }) => read<RequestData>(requestFragment, node));
  expect(shown.map(({ id, status }) => [id, status])).toEqual(requestIds.toReversed().map((id) => [id, 'SUCCEEDED']));

  const all = shown.toReversed().flatMap(({ outcomes }) => outcomes.edges.map(({ node }) => read<Device>(deviceFragment, node)));
  expect(all).toHaveLength(2 * DEVICES);
  for (const [at, device] of all.entries()) {
    expect(device).toMatchObject({ index: at % DEVICES, status: 'SUCCEEDED', requestId: requestIds[Math.floor(at / DEVICES)] });
    expect(device.deviceIds).toEqual(
      expect.arrayContaining(devices(1, at + 1)[0]?.deviceIds.map((id) => expect.objectContaining(id)) ?? []),
    );
  }

  const source = environment.getStore().getSource();
  const global = source.getRecordIDs().filter((id) => /^[a-z]+_/.test(id));
  expect(new Set(global)).toEqual(new Set([...requestIds, ...all.map(({ id }) => id)]));

  // By its id alone a device is the same record, and the store need not ask for it.
  const byNode = createOperationDescriptor(getRequest(await artifact<ConcreteRequest>('NodeQuery')), { id: all[0]?.id });
  expect(environment.check(byNode)).toMatchObject({ status: 'available' });
  const { node } = environment.lookup(byNode.fragment).data as unknown as { node: { device: object } };
  expect(read<Device>(deviceFragment, node.device)).toEqual(all[0]);
  expect(complaints.mock.calls).toEqual([]);
});

function mutate(
  environment: Environment,
  mutation: ConcreteRequest,
  variables: Variables,
  requestFragment: ReaderFragment,
): Promise<string> {
  return new Promise((resolve, reject) => {
    commitMutation(environment, {
      mutation,
      variables,
      onError: reject,
      onCompleted: (answer, errors) => {
        if (errors) return reject(new Error(JSON.stringify(errors)));
        const { request } = (answer as { activateDevices: { request: object } }).activateDevices;
        const selector = getSingularSelector(requestFragment, request);
        resolve(String((selector && (environment.lookup(selector).data as { id?: string }))?.id));
      },
    });
  });
}

function follow(environment: Environment, subscription: ConcreteRequest, variables: Variables): Promise<void> {
  return new Promise((resolve, reject) => {
    requestSubscription(environment, { subscription, variables, onError: reject, onCompleted: () => resolve() });
  });
}
