import { Agent, request } from 'undici';
import { z } from 'zod';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';

/** An answer of the carrier; `json` is undefined for an empty body and the raw text for one that is not JSON. */
export interface CarrierAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: unknown;
}

const token = z.object({ access_token: z.string() });
const session = z.object({ sessionToken: z.string() });
const accepted = z.object({ requestId: z.string() });

/** A plain client of the carrier's API that knows only its documentation. */
export class CarrierClient implements AsyncDisposable {
  bearer = '';
  session = '';
  readonly simulator: Simulator;
  readonly #agent = new Agent();
  readonly #owned = new AsyncDisposableStack();

  constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  /** A client with both tokens, of a simulator that ends with it. */
  static async start(options: SimulatorOptions = {}): Promise<CarrierClient> {
    const simulator = await startSimulator(options);
    const client = await CarrierClient.open(simulator);
    client.#owned.use(simulator);
    return client;
  }

  /** A client with both tokens. */
  static async open(simulator: Simulator): Promise<CarrierClient> {
    const client = new CarrierClient(simulator);
    client.bearer = token.parse((await client.token()).json).access_token;
    client.session = session.parse((await client.login()).json).sessionToken;
    return client;
  }

  token(form = 'grant_type=client_credentials', headers: Record<string, string> = {}): Promise<CarrierAnswer> {
    const { clientId, clientSecret } = this.simulator.credentials;
    return this.send('POST', `${this.simulator.oauthUrl}/oauth2/token`, form, {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
  }

  login(password = this.simulator.credentials.password): Promise<CarrierAnswer> {
    const { username } = this.simulator.credentials;
    return this.call('POST', '/session/login', { username, password });
  }

  /** Calls `/m2m/v1` + path with both tokens; a string body is sent as it stands. */
  call(method: string, path: string, body?: unknown): Promise<CarrierAnswer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return this.send(method, `${this.simulator.url}/m2m/v1${path}`, text, {
      'content-type': 'application/json',
      ...(this.bearer === '' ? {} : { authorization: `Bearer ${this.bearer}` }),
      ...(this.session === '' ? {} : { 'vz-m2m-token': this.session }),
    });
  }

  activate(body: object): Promise<CarrierAnswer> {
    return this.call('POST', '/devices/actions/activate', { ...activation, ...body });
  }

  /** Activates devices that have these ICCIDs; the request id. */
  async activated(...iccids: string[]): Promise<string> {
    return accepted.parse((await this.activate({ devices: iccids.map(byImeiAndIccid) })).json).requestId;
  }

  async register(listenerUrl: string, ...services: string[]): Promise<void> {
    for (const name of services) {
      const body = { name, url: `${listenerUrl}/${name}`, username: 'listener', password: 'secret' };
      const answer = await this.call('POST', `/callbacks/${account}`, body);
      if (answer.status !== 200) throw new Error(answer.text);
    }
  }

  async send(method: string, url: string, body: string | undefined, headers: Record<string, string>): Promise<CarrierAnswer> {
    const response = await request(url, {
      method,
      headers,
      dispatcher: this.#agent,
      ...(body === undefined ? {} : { body }),
    });
    const bytes = Buffer.from(await response.body.bytes());
    const text = bytes.toString();
    return { status: response.statusCode, headers: response.headers, bytes, text, json: parse(text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
    await this.#owned.disposeAsync();
  }
}

/** The account the tests use. */
export const account = '0868924207-00001';

/** The required parts of an activation. */
export const activation = { accountName: account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };

export const byIccid = (id: string) => ({ deviceIds: [{ kind: 'iccid', id }] });

/** A 4G device as an activation names it. */
export const byImeiAndIccid = (id: string) => ({
  deviceIds: [
    { kind: 'imei', id: `99001${id.slice(-10)}` },
    { kind: 'iccid', id },
  ],
});

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
