/** Names of the simulated endpoints, used by the fault rules and the ledger. */
export const endpointNames = [
  'token',
  'revoke',
  'login',
  'logout',
  'passwordReset',
  'activate',
  'renewActivationCode',
  'profileResume',
  'callbackList',
  'callbackRegister',
  'callbackDelete',
  'deviceList',
  'deviceHistory',
  'requestStatus',
  'plans',
  'account',
  'groups',
  'group',
  'leads',
] as const;

export type EndpointName = (typeof endpointNames)[number];

/** The endpoints that act on devices and report by callback. */
export const actionNames = ['activate', 'renewActivationCode', 'profileResume'] as const;

export type ActionName = (typeof actionNames)[number];

export const isActionName = (name: string): name is ActionName => actionNames.some((each) => each === name);
