import type { Identifier } from '../devices/identifiers.ts';
import type { Unkind } from '../unkind/unkind-switch.ts';
import type { FaultResponse } from './fault-response.ts';
import type { ServiceName } from './service-names.ts';

/** An identifier as a callback writes it: the kind in the spelling of the message. */
export type SpelledIdentifier = { readonly id: string; readonly kind: string };

/** A value inside a callback's body. */
export type CallbackValue = string | number | boolean | readonly CallbackValue[] | { readonly [name: string]: CallbackValue };

/** The part of a callback that differs from message to message, in the documented order of fields. */
export interface CallbackContent {
  readonly deviceIds?: readonly SpelledIdentifier[] | undefined;
  readonly deviceResponse?: { readonly [child: string]: CallbackValue };
  readonly niddResponse?: { readonly [child: string]: CallbackValue };
  readonly faultResponse?: FaultResponse;
  readonly comment?: string;
  readonly status: string | undefined;
}

/** A callback to be sent to whoever is registered when its turn comes. */
export interface CallbackMessage {
  readonly account: string;
  readonly service: ServiceName;
  readonly requestId: string;
  /** Identifiers of the device it is about, for the fault rules. */
  readonly about: readonly Identifier[];
  readonly content: CallbackContent;
  /** Where a legacy message has its result, below Data/CarrierService: for instance ChangeDeviceState, Activate. Absent: it has no legacy form. */
  readonly legacyPath?: readonly string[];
  /** True for the message of the set-fallback page, which mixes the documented form and the older one. */
  readonly isMixed?: boolean;
  /** Whether username and password are in the body. */
  readonly withCredentials: boolean;
  /** How it is written, apart from the usual. */
  readonly unkind: Unkind;
  /** The message after this one. It starts once the first attempt of this one has ended, so that they keep their order. */
  readonly next?: CallbackMessage;
}
