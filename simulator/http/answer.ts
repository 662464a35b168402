/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  /** A string is sent as it stands, undefined as an empty body, anything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set by actions: the id under which the ledger finds what was accepted. */
  readonly requestId?: string;
  /** Work that must end before the answer is written. */
  readonly before?: () => Promise<void>;
  /** Work that starts once the answer is written, or would have been. */
  readonly after?: () => void;
}

/** A 200 with a JSON body. */
export const ok = (body: unknown): Answer => ({ status: 200, body });
