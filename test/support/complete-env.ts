import { VARIABLES } from '../../src/config-variables.ts';

/** The least that is a configuration: the examples of what must be set, and a key for the store. */
export const COMPLETE_ENV: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.values(VARIABLES).flatMap(({ name, fallback, example }) => (fallback === undefined ? [[name, example]] : [])),
  ),
  M2M_STORE_KEYS: VARIABLES.storeKeys.example,
};
