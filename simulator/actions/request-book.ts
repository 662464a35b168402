/** A request that was accepted, and how far it is. */
export interface AcceptedRequest {
  readonly id: string;
  readonly account: string;
  /** Whether the status endpoint may tell of it. */
  readonly hasStatus: boolean;
  readonly devices: number;
  done: number;
  failed: number;
}

/** Requests remembered for the status endpoint; the oldest are forgotten first. */
const remembered = 50_000;

/** Accepted requests by id. */
export class RequestBook {
  readonly #requests = new Map<string, AcceptedRequest>();

  open(accepted: Omit<AcceptedRequest, 'done' | 'failed'>): AcceptedRequest {
    const request = { ...accepted, done: 0, failed: 0 };
    this.#requests.set(request.id, request);
    if (this.#requests.size > remembered) {
      const [oldest] = this.#requests.keys();
      if (oldest !== undefined) this.#requests.delete(oldest);
    }
    return request;
  }

  find(account: string, id: string): AcceptedRequest | undefined {
    const request = this.#requests.get(id);
    return request?.account === account ? request : undefined;
  }
}
