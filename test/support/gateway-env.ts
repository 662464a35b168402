import type { Simulator } from '../../simulator/simulator.ts';

/** The environment of a gateway that works against `simulator`, on free ports, with its store at `storePath`. */
export function gatewayEnv(simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>, storePath: string): Record<string, string> {
  const { clientId, clientSecret, username, password } = simulator.credentials;
  return {
    M2M_THINGSPACE_API_URL: simulator.url,
    M2M_THINGSPACE_ACCOUNTS: simulator.accounts.join(','),
    M2M_THINGSPACE_CLIENT_ID: clientId,
    M2M_THINGSPACE_CLIENT_SECRET: clientSecret,
    M2M_THINGSPACE_USERNAME: username,
    M2M_THINGSPACE_PASSWORD: password,
    M2M_CALLBACK_SECRET: 'a-secret-for-tests-of-32-characters-or-more',
    M2M_CALLBACK_HOST: '127.0.0.1',
    M2M_CALLBACK_PORT: '0',
    M2M_GRAPHQL_PORT: '0',
    M2M_ADMIN_PORT: '0',
    M2M_STORE_PATH: storePath,
    M2M_LOG_LEVEL: 'error',
  };
}
