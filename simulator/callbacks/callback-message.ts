import type { Identifier } from '../devices/identifiers.ts';
import type { ServiceName } from './service-names.ts';

/** An identifier as a callback writes it: the kind in the spelling of the message. */
export interface SpelledIdentifier {
  readonly id: string;
  readonly kind: string;
}

/** The documented fault of a failed device. */
export interface FaultResponse {
  readonly faultcode: string;
  readonly faultstring: string;
}

/** Result of an activated device, in the documented order of fields. */
export interface ActivateResponse {
  readonly deviceIds: readonly SpelledIdentifier[];
  readonly ipAddress: string;
  readonly state: string;
  readonly servicePlan: string;
  readonly featureCodes: readonly string[];
  readonly deviceCredential: { readonly username: string; readonly password: string };
}

/** The part of a callback that differs from message to message, in the documented order of fields. */
export interface CallbackContent {
  readonly deviceIds?: readonly SpelledIdentifier[];
  readonly deviceResponse?: Readonly<Record<string, unknown>> & { readonly activateResponse?: ActivateResponse };
  readonly niddResponse?: Readonly<Record<string, unknown>>;
  readonly faultResponse?: FaultResponse;
  readonly status: string;
}

/** A callback to be sent to whoever is registered when its turn comes. */
export interface CallbackMessage {
  readonly account: string;
  readonly service: ServiceName;
  readonly requestId: string;
  /** Identifiers of the device it is about, for the fault rules. */
  readonly about: readonly Identifier[];
  readonly content: CallbackContent;
  readonly format: 'json' | 'legacy-json' | 'legacy-xml';
  /** Whether username and password are in the body. */
  readonly withCredentials: boolean;
  /** Copies sent in parallel, 1 or more. */
  readonly copies: number;
  /** The message after it: starts once the first attempt of this one has ended, so that the two keep their order. */
  readonly next?: CallbackMessage;
}
