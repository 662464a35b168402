/** Bodies that a client must survive. `endless` goes on until the client hangs up. */
export const faultBodies = ['empty', 'empty-object', 'html', 'numeric-request-id', 'truncated-json', 'xml-fault', 'endless'] as const;

export type FaultBody = (typeof faultBodies)[number];

/** Something that goes wrong at an endpoint. Parts combine: latency first, then the cut or the other answer. */
export interface EndpointFault {
  /** Name of the endpoint it applies to, as its route has it; `*` for all. */
  readonly endpoint: string;
  /** It applies only to requests whose body has this text, for instance the identifier of one device. */
  readonly about?: string;
  /** Requests it applies to; Infinity for all to come. Default 1. */
  readonly times?: number;
  /** Wait between performing the action and the answer, in ms. */
  readonly latencyMs?: number;
  /** Cut the connection: before the body is read, before the status line, or in the middle of the answer's body. */
  readonly drop?: 'before-reading' | 'before-answer' | 'mid-body';
  /** Answer with this status instead. */
  readonly status?: number;
  /** Headers to add, for instance `{ 'retry-after': '5' }` or `{ location: '…' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Answer with this body instead. */
  readonly body?: FaultBody | { readonly text: string };
  /**
   * Whether the request takes effect all the same. By default it does, unless `status` is 300 or more. With `before-reading` it
   * never does.
   */
  readonly performed?: boolean;
}

/** The rules in force, in the order they were added. A request takes the first that matches. */
export class EndpointFaults {
  readonly #endpoints: ReadonlySet<string>;
  #rules: { rule: EndpointFault; left: number }[] = [];

  constructor(endpoints: Iterable<string>) {
    this.#endpoints = new Set(endpoints);
  }

  /** Throws RangeError when there is no such endpoint. */
  add(rule: EndpointFault): void {
    if (rule.endpoint !== '*' && !this.#endpoints.has(rule.endpoint)) {
      throw new RangeError(`There is no endpoint ${rule.endpoint}; there are ${[...this.#endpoints].join(', ')} and *.`);
    }
    this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  /**
   * The rule for a request to this endpoint, used up by one.
   *
   * @param body what the request says. Before it is read, rules about a text do not apply.
   */
  take(endpoint: string, body?: string): EndpointFault | undefined {
    const found = this.#rules.find(
      ({ rule }) => (rule.endpoint === endpoint || rule.endpoint === '*') && (rule.about === undefined || body?.includes(rule.about)),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#rules = this.#rules.filter((each) => each !== found);
    return found.rule;
  }

  list(): EndpointFault[] {
    return this.#rules.map(({ rule, left }) => ({ ...rule, times: left }));
  }

  clear(): void {
    this.#rules = [];
  }
}

/** Whether the action behind a request is performed under this rule. */
export function isPerformed(fault: EndpointFault | undefined): boolean {
  if (fault === undefined) return true;
  if (fault.drop === 'before-reading') return false;
  return fault.performed ?? (fault.status ?? 200) < 300;
}
