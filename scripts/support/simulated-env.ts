import type { Simulator } from '../../simulator/simulator.ts';

export interface SimulatedEnvOptions {
  readonly storePath: string;
  readonly logLevel?: string;
  /** 0, the default of each, takes a free port. */
  readonly graphqlPort?: number;
  readonly callbackPort?: number;
  readonly adminPort?: number;
  readonly graphiql?: boolean;
}

/** The environment of a gateway that works against `simulator` on this machine and registers its own callback listeners. */
export function simulatedEnv(
  simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>,
  options: SimulatedEnvOptions,
): Record<string, string> {
  const { clientId, clientSecret, username, password } = simulator.credentials;
  return {
    M2M_THINGSPACE_API_URL: simulator.url,
    M2M_THINGSPACE_ACCOUNTS: simulator.accounts.join(','),
    M2M_THINGSPACE_CLIENT_ID: clientId,
    M2M_THINGSPACE_CLIENT_SECRET: clientSecret,
    M2M_THINGSPACE_USERNAME: username,
    M2M_THINGSPACE_PASSWORD: password,
    M2M_CALLBACK_SECRET: 'a-callback-secret-for-the-simulated-carrier-only',
    M2M_CALLBACK_HOST: '127.0.0.1',
    M2M_CALLBACK_PORT: String(options.callbackPort ?? 0),
    M2M_CALLBACK_REGISTER: 'on',
    // It is on loopback and its lines do not exist, so nobody needs a key and nothing is encrypted.
    M2M_AUTH: 'off',
    M2M_STORE_PLAINTEXT: 'on',
    M2M_GRAPHQL_PORT: String(options.graphqlPort ?? 0),
    M2M_GRAPHIQL: options.graphiql ? 'on' : 'off',
    M2M_ADMIN_PORT: String(options.adminPort ?? 0),
    M2M_STORE_PATH: options.storePath,
    M2M_LOG_LEVEL: options.logLevel ?? 'warn',
  };
}
