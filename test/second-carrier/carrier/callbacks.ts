import { isJson, textOf, type Json } from './json.ts';
import { PageFault } from './page-rules.ts';

/** Rule of "Register Callback Listener": at most four sendings of one message. */
const MOST_SENDINGS = 4;
const SERVICES = [
  'CarrierService',
  'DeviceProfileService',
  'DeviceService',
  'DeviceSuspensionStatus',
  'ExternalProvisioningChanges',
  'NiddService',
  'ResumeTrackingNotification',
  'StateService',
];

export interface Registration {
  readonly accountName: string;
  readonly serviceName: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** One message on its way to a listener, with every answer that it got: an HTTP status, or 0 when there was none. */
export interface Delivery {
  readonly body: Json;
  readonly answers: readonly number[];
}

/** The callback services: who listens, and sending. */
export class Callbacks {
  /** The pause before a message is sent again. The page says 5 minutes. */
  pauseMs = 50;
  readonly #registrations = new Map<string, Registration>();
  readonly #addresses = new Map<string, string>();

  /** What answers on the network where a URL says `host`: a proxy that ends TLS stands between the two. */
  resolve(host: string, address: string): void {
    this.#addresses.set(host, address);
  }

  list = (account: string): Registration[] => [...this.#registrations.values()].filter(({ accountName }) => accountName === account);

  register(accountName: string, body: unknown, uwsUser: string): Registration {
    if (!isJson(body)) throw new PageFault('INPUT_INVALID.RequestUndefined', 'Request cannot be blank. Please provide request details.');
    const [serviceName, url] = [textOf(body['name']), textOf(body['url'])];
    const [username, password] = [textOf(body['username']), textOf(body['password'])];
    if (!SERVICES.includes(serviceName)) throw new PageFault('DeserializationFailed', `No service ${serviceName}.`);
    if (!URL.canParse(url) || !isAllowed(new URL(url))) throw new PageFault('DeserializationFailed', 'The port of the URL is not allowed.');
    if (username.length > 40 || password.length > 40 || username === uwsUser)
      throw new PageFault('DeserializationFailed', 'No such credentials.');
    const registration = { accountName, serviceName, url, username, password };
    this.#registrations.set(`${accountName} ${serviceName}`, registration);
    return registration;
  }

  deregister = (account: string, service: string): boolean => this.#registrations.delete(`${account} ${service}`);

  /** Sends a message as often as the carrier does: until a listener takes it with 2xx, four times at most. */
  async send(account: string, service: string, body: Json): Promise<Delivery> {
    const answers: number[] = [];
    let message = this.#signed(account, service, body);
    while (answers.length < MOST_SENDINGS) {
      answers.push(await this.post(account, service, JSON.stringify(message)));
      if (isTaken(answers.at(-1))) break;
      if ('callbackCount' in message) message = { ...message, callbackCount: Number(message['callbackCount']) + 1 };
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    return { body: message, answers };
  }

  /** One sending of these bytes. */
  async post(account: string, service: string, text: string, type = 'application/json'): Promise<number> {
    const url = new URL(this.#registration(account, service).url);
    const address = this.#addresses.get(url.host) ?? url.origin;
    const headers = { 'content-type': type, 'user-agent': "Verizon's callback service" };
    const sent = fetch(`${address}${url.pathname}${url.search}`, { method: 'POST', headers, body: text, redirect: 'manual' });
    return sent.then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => 0,
    );
  }

  /** Where the sample has credentials, they are those of the registration, "or an empty element if none was defined". */
  #signed(account: string, service: string, body: Json): Json {
    const { username, password } = this.#registration(account, service);
    return { ...body, ...('username' in body && { username }), ...('password' in body && { password }) };
  }

  #registration(account: string, service: string): Registration {
    const registration = this.#registrations.get(`${account} ${service}`);
    if (!registration) throw new Error(`Nobody listens to ${service} of ${account}: its messages are lost.`);
    return registration;
  }
}

const isTaken = (status: number | undefined): boolean => status !== undefined && status >= 200 && status < 300;

function isAllowed(url: URL): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const within = (from: number, to: number) => port >= from && port <= to;
  return port === 80 || port === 443 || within(9001, 9006) || within(50551, 50559) || within(28200, 28220);
}
