import { VARIABLES } from '../../src/config/config-variables.ts';

/** The examples of the required variables. Secrets are changed, because the gateway refuses those of the documentation. */
export const REQUIRED_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(VARIABLES).flatMap(({ name, fallback, example, secret }) =>
    fallback === undefined ? [[name, secret ? `${example}-of-our-own` : example]] : [],
  ),
);

/** The smallest configuration: the required variables, and a key for the store. */
export const COMPLETE_ENV: Readonly<Record<string, string>> = {
  ...REQUIRED_ENV,
  M2M_STORE_KEYS: Buffer.alloc(32, 'our own').toString('base64'),
};
