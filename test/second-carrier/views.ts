/** What the documents of these tests ask for. */
export interface Identifier {
  readonly kind: string | null;
  readonly value: string;
}

export interface Outcome {
  readonly index: number;
  readonly status: string;
  readonly source: string | null;
  readonly contradicted: boolean;
  readonly carrierStatus: string | null;
  readonly comment: string | null;
  readonly requested: readonly Identifier[] | null;
  readonly deviceIds: readonly Identifier[];
  readonly fault: { readonly code: string; readonly message: string } | null;
  readonly state: string | null;
  readonly servicePlan: string | null;
  readonly ipAddress: string | null;
  readonly profileStatus: string | null;
  readonly profileRole: string | null;
  readonly activationCode: string | null;
  readonly nidd: { readonly configured: boolean; readonly status: string | null; readonly reason: string | null } | null;
  readonly callbackCount: number | null;
}

interface CarrierError {
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number | null;
}

export interface View {
  readonly id: string;
  readonly operation: string | null;
  readonly origin: string;
  readonly status: string;
  readonly deviceCount: number | null;
  readonly error: CarrierError | null;
  readonly carrierRequests: readonly {
    readonly carrierRequestId: string | null;
    readonly state: string;
    readonly attempts: number;
    readonly error: CarrierError | null;
  }[];
  readonly progress: Readonly<Record<'total' | 'succeeded' | 'failed' | 'expired' | 'overdue' | 'unmatchedCallbacks', number>>;
  readonly outcomes: { readonly nodes: readonly Outcome[] };
}

export interface Result {
  readonly __typename: string;
  readonly code?: string;
  readonly message?: string;
  readonly carrierErrorCode?: string | null;
  readonly httpStatus?: number | null;
  readonly faults?: readonly { readonly path: readonly string[]; readonly code: string; readonly message: string }[];
  readonly request?: View;
}

/** What a test compares most often: each device's status, in the order of the input. */
export const statusesOf = (view: View): string[] => view.outcomes.nodes.map(({ status }) => status);

export function outcomeOf(view: View, index = 0): Outcome {
  const outcome = view.outcomes.nodes.find((each) => each.index === index);
  if (!outcome) throw new Error(`The request has no outcome ${index}.`);
  return outcome;
}

export const carrierIdOf = (view: View): string => {
  const id = view.carrierRequests[0]?.carrierRequestId;
  if (!id) throw new Error(`The carrier request has no requestId: ${JSON.stringify(view)}`);
  return id;
};
