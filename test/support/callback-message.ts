import { createHash } from 'node:crypto';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import { parseCallback } from '../../src/datasources/thingspace/wire/callback.ts';

const iccid = (n: number) => `8914800000000${String(n).padStart(7, '0')}`;

/** The identifiers of device `n`. */
export const named = (n: number) => [['ICCID', iccid(n)]] as const;

export interface Said {
  readonly id?: string | null;
  /** See `named`. */
  readonly device?: number;
  readonly account?: string;
  readonly service?: string;
  readonly status?: string;
  readonly text?: string;
  readonly forward?: boolean;
}

/** A message as the callback listener hands it to the store. It came at 1,000. */
export function callbackMessage(said: Said): IncomingCallback {
  const { id = 'known', device = 1, account = 'account-1', service = 'CarrierService', status = 'Success', text = '', forward } = said;
  const raw = { requestId: id, deviceIds: [{ kind: 'iccid', id: iccid(device) }], status, comment: text };
  const json = JSON.stringify(raw);
  const parsed = parseCallback(service, raw);
  if (!parsed) throw new Error('no callback');
  const digest = createHash('sha256').update(json).digest();
  const copy = forward ? { contentType: null, body: Buffer.from(json) } : null;
  return { account, service, receivedAt: 1_000, json, digest, callbackCount: null, message: parsed, forward: copy };
}
