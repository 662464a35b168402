import type { VariablesOf } from '@graphql-typed-document-node/core';
import {
  CancelRequestDocument,
  RequestDocument,
  ResolveUnknownRequestDocument,
  RetryFailedDevicesDocument,
} from '../../../documents/gql/graphql.ts';
import { acceptedRequest, activate, type ActivateInput } from '../../carrier/support/activation.ts';
import { followOverSse, type FollowEvent } from '../../support/follow.ts';
import { runDocument } from '../../support/run-document.ts';

type Resolution = VariablesOf<typeof ResolveUnknownRequestDocument>['input'];
type Retry = VariablesOf<typeof RetryFailedDevicesDocument>['input'];

/** What a person does with the gateway: makes requests, reads them, waits for them, resolves their fate. */
export function operator(url: string) {
  const show = async (id: string) => {
    const { request } = await runDocument(url, RequestDocument, { id, first: 1000 });
    if (!request) throw new Error(`${id} is not to be found`);
    return request;
  };
  /** Follows until an event fulfils the condition. The default condition is the end of the request. */
  const followed = async (id: string, holds: (event: FollowEvent) => boolean = () => false) => {
    for await (const event of followOverSse(url, { id, batchSize: 1000 })) if (holds(event)) break;
    return show(id);
  };
  return {
    show,
    activate: async (input: ActivateInput) => acceptedRequest(await activate(url, input)),
    cancel: async (requestId: string) => (await runDocument(url, CancelRequestDocument, { input: { requestId } })).cancelRequest,
    resolve: async (input: Resolution) => (await runDocument(url, ResolveUnknownRequestDocument, { input })).resolveUnknownRequest,
    retry: async (input: Retry) => (await runDocument(url, RetryFailedDevicesDocument, { input })).retryFailedDevices,
    /** The request when it is terminal. */
    ended: (id: string) => followed(id),
    /** The request when one of its events fulfils the condition. */
    once: followed,
  };
}

/** The codes of the faults in an answer; empty when the answer has no faults. */
export function faultCodes(result: { readonly __typename: string }): string[] {
  return 'faults' in result ? (result.faults as { readonly code: string }[]).map(({ code }) => code) : [];
}
