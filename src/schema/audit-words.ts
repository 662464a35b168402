import { OPERATIONS } from '../operations/index.ts';
import { isInputFaultCode } from '../operations/input-fault.ts';
import { enumOf } from './enums.ts';

/** The actions that are no carrier operations, as the audit log stores them: mutations, and commands of the people who run the gateway. */
const ACTIONS: Readonly<Record<string, string>> = {
  cancelRequest: 'The mutation `cancelRequest`.',
  checkNow: 'The mutation `checkNow`.',
  retryFailedDevices: 'The mutation `retryFailedDevices`.',
  resolveUnknownRequest: 'The mutation `resolveUnknownRequest`.',
  redriveDeadLetters: 'The mutation `redriveDeadLetters`: one entry for each dead letter.',
  createDeviceGroup: 'The mutation `createDeviceGroup`.',
  changeDeviceGroup: 'The mutation `changeDeviceGroup`.',
  deleteDeviceGroup: 'The mutation `deleteDeviceGroup`.',
  'keys.create': 'The command that makes an API key.',
  'keys.change': 'The command that changes the rights of an API key.',
  'keys.revoke': 'The command that ends an API key.',
  'callbacks.register': 'The command that registers our addresses with the carrier.',
  'callbacks.rotate': 'The command that changes the secret paths of our addresses.',
  'callbacks.remove': 'The command that ends the registration of our addresses.',
  'login.unlatch': 'The command that lets the gateway log in again after the carrier refused its login.',
  'store.backup': 'The command that backs up the store.',
  'store.purge': 'The command that deletes what is older than the retention time.',
  'store.reseal': 'The command that encrypts the store with the first key.',
};

/** `keys.create` is KEYS_CREATE, `cancelRequest` is CANCEL_REQUEST, `suspendESimDevice` is SUSPEND_ESIM_DEVICE. */
function wordOf(action: string): string {
  return action.replace('ESim', 'Esim').replaceAll(/[A-Z]/g, '_$&').replace('.', '_').toUpperCase();
}

const MEANINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(OPERATIONS.map(({ mutation }) => [wordOf(mutation), `The mutation \`${mutation}\`.`])),
  ...Object.fromEntries(Object.entries(ACTIONS).map(([action, meaning]) => [wordOf(action), meaning])),
  OTHER: 'An action that this version does not know. Another version of the gateway wrote the entry.',
};

export const AuditAction = enumOf('AuditAction', 'What somebody asked for.', MEANINGS);

/** @param action as it is stored: a word of another version must not make the whole log unreadable. */
export function auditAction(action: string): string {
  const word = wordOf(action);
  return Object.hasOwn(MEANINGS, word) ? word : 'OTHER';
}

const OUTCOMES = {
  CREATED: 'It made a request.',
  REPEATED: 'It repeated, by its idempotency key, a mutation that had made a request.',
  DONE: 'It was done.',
  INVALID: 'Its input broke a rule. See `code`.',
  KEY_REUSED: 'Its idempotency key was used before with another input.',
  UNAVAILABLE: 'The gateway could not work with the carrier.',
  LIMITED: 'Too many requests were waiting to be sent.',
  FORBIDDEN: 'The caller lacked a right, and nothing ran.',
  RATE_LIMITED: 'The caller had asked too often, and nothing ran.',
  REFUSED: 'It was refused before it ran, for another reason. See `code`.',
  FAILED: 'It failed. See `code`.',
  APPLIED: 'The dead letter was applied to its request.',
  UNCLAIMED: 'The dead letter became an unclaimed callback.',
  DUPLICATE: 'The content of the dead letter was known already.',
  FOREIGN: 'The dead letter still names a request of another account.',
  DAMAGED: 'The stored data of the dead letter’s request still cannot be read.',
  QUARANTINED: 'The credentials of the dead letter are still not those of the registration.',
  UNREADABLE: 'The dead letter still cannot be read.',
} as const;

export const AuditOutcome = enumOf<keyof typeof OUTCOMES>('AuditOutcome', 'The immediate result of an action.', OUTCOMES);

/** Splits a stored outcome, which is a word of the enum or the code of a fault or an error. */
export function auditOutcome(action: string, stored: string): { readonly outcome: keyof typeof OUTCOMES; readonly code: string | null } {
  if (isOutcome(stored)) return { outcome: stored, code: null };
  if (stored === 'OPERATION_TOO_LARGE') return { outcome: 'REFUSED', code: stored };
  // A command fails with the code of an error, which may be the word of a fault too.
  const isFault = !action.includes('.') && isInputFaultCode(stored);
  return { outcome: isFault ? 'INVALID' : 'FAILED', code: stored };
}

function isOutcome(word: string): word is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, word);
}
