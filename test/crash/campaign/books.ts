import type { ActionPost } from '../../../simulator/ledger.ts';
import type { OperationName } from './asked-operations.ts';
import { deviceOf } from './device-numbers.ts';

/** Something that a caller wanted once: one mutation, however often it had to be sent. */
export interface Intent {
  readonly number: number;
  readonly operation: OperationName;
  readonly account: string;
  /** Its devices are `firstDevice` … `firstDevice + devices - 1`; nobody else's. */
  readonly firstDevice: number;
  readonly devices: number;
  readonly key: string | null;
  /** The ids of the Requests in its answers: only one, if all is well. */
  readonly requestIds: Set<string>;
  /** True when the caller has a definite answer, or has given up because it had no key to ask again. */
  concluded: boolean;
}

/** A POST that the carrier has performed. Without an intent it is another tool's. */
export interface Performed {
  readonly requestId: string;
  readonly account: string;
  readonly operation: OperationName;
  readonly firstDevice: number;
  readonly devices: number;
  readonly intent: Intent | null;
}

export const MESSAGE_KINDS = ['pending', 'success', 'failure', 'nidd'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** One callback. `marker` is in its comment, and so in every stored copy of it. */
export interface Message {
  readonly marker: number;
  readonly performed: Performed;
  readonly device: number;
  readonly kind: MessageKind;
}

/** The ledgers that no crash touches: what callers wanted, what the carrier performed and sent, and what was acknowledged. */
export class Books {
  /** Ascending by first device. */
  readonly intents: Intent[] = [];
  readonly performed: Performed[] = [];
  readonly messages: Message[] = [];
  /** POSTs for devices that belong to no intent. */
  readonly strayPosts: ActionPost[] = [];
  readonly #posts = new Map<Intent, ActionPost[]>();
  /** By marker. */
  readonly #state: ('new' | 'sent' | 'acknowledged')[] = [];
  #devices = 0;
  sent = 0;
  acknowledged = 0;

  intend(intent: Omit<Intent, 'number' | 'firstDevice' | 'requestIds' | 'concluded'>): Intent {
    const number = this.intents.length;
    const made = { ...intent, number, firstDevice: this.reserve(intent.devices), requestIds: new Set<string>(), concluded: false };
    this.intents.push(made);
    return made;
  }

  /** Reserves device numbers that nobody has, and gives back the first. */
  reserve(devices: number): number {
    const first = this.#devices + 1;
    this.#devices += devices;
    return first;
  }

  intentOf(device: number): Intent | null {
    let [low, high] = [0, this.intents.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.intents[middle]?.firstDevice ?? 0) <= device) low = middle + 1;
      else high = middle;
    }
    const found = this.intents[low - 1];
    return found && device < found.firstDevice + found.devices ? found : null;
  }

  /** Enters a POST that has reached the carrier into the books, performed or not. */
  notePost(post: ActionPost): void {
    const intent = this.intentOf(deviceOf(post.devices[0] ?? ''));
    if (!intent) return void this.strayPosts.push(post);
    const posts = this.#posts.get(intent);
    if (posts) posts.push(post);
    else this.#posts.set(intent, [post]);
  }

  postsOf(intent: Intent): readonly ActionPost[] {
    return this.#posts.get(intent) ?? [];
  }

  /** How far the unanswered mutations are: a crash now would hit them there. */
  underWay(): ReadonlySet<'not sent' | 'sent' | 'answered'> {
    const open = this.intents.filter(({ concluded }) => !concluded).map((intent) => this.postsOf(intent).at(-1));
    return new Set(open.map((post) => (!post ? 'not sent' : post.status === undefined ? 'sent' : 'answered')));
  }

  compose(performed: Performed, device: number, kind: MessageKind): Message {
    const message = { marker: this.messages.length, performed, device, kind };
    this.messages.push(message);
    this.#state.push('new');
    return message;
  }

  /** Must be called before the first byte leaves. From then on the message may be stored. */
  send({ marker }: Message): void {
    if (this.#state[marker] !== 'new') return;
    this.#state[marker] = 'sent';
    this.sent++;
  }

  /** Must be called when a whole 2xx answer was read. From then on the message must be stored. */
  acknowledge({ marker }: Message): void {
    if (this.#state[marker] === 'acknowledged') return;
    this.#state[marker] = 'acknowledged';
    this.acknowledged++;
  }

  isSent(marker: number): boolean {
    return (this.#state[marker] ?? 'new') !== 'new';
  }

  isAcknowledged(marker: number): boolean {
    return this.#state[marker] === 'acknowledged';
  }
}
