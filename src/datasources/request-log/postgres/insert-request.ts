import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey, stemOf } from '../../thingspace/wire/same-identifier.ts';
import type { NewRequest } from '../request-sending.ts';
import { RequestState } from '../request-state.ts';
import type { RequestedDevice, RequestOrigin } from '../stored-request.ts';
import { MOST_KEYS } from '../working-set.ts';
import { LAST_UNCLAIMED } from './change-request.ts';
import type { Transaction } from './database.ts';
import { lockRequests, type LockedRequest } from './locked-request.ts';
import { placeOfInput } from './requested-devices.ts';
import type { Seals } from './seals.ts';
import { writeKeys } from './write-runs.ts';

type NewRow = Pick<
  NewRequest,
  | 'id'
  | 'account'
  | 'createdBy'
  | 'clientReference'
  | 'idempotencyKey'
  | 'retryOf'
  | 'devicesJson'
  | 'settings'
  | 'carrierRequests'
  | 'createdAt'
> & {
  readonly operation: string | null;
  readonly origin: RequestOrigin;
  readonly inputHash: Uint8Array | null;
};

/** Writes a Request, its input, its carrier requests, and the identifiers of its devices. Gives it back locked. */
export async function insertRequest(tx: Transaction, seals: Seals, row: NewRow): Promise<LockedRequest> {
  const devices = row.devicesJson === null ? null : (JSON.parse(row.devicesJson) as RequestedDevice[]);
  const [inserted] = await tx.rows<{ pk: number }>(INSERT_REQUEST, [
    row.id,
    row.account,
    row.origin,
    row.operation,
    row.createdBy,
    row.clientReference,
    row.idempotencyKey,
    row.inputHash,
    row.retryOf,
    devices?.length ?? null,
    row.createdAt,
  ]);
  const pk = inserted?.pk ?? 0;
  await tx.run('INSERT INTO request_input (request_pk, devices, settings, key_id) VALUES ($1, $2, $3, $4)', [
    pk,
    seals.sealText(row.devicesJson, placeOfInput('devices', pk)),
    seals.sealText(row.settings, placeOfInput('settings', pk)),
    seals.keyId,
  ]);
  await tx.run(INSERT_CARRIERS, [
    pk,
    row.carrierRequests.map((_, position) => position),
    row.carrierRequests.map(({ service }) => service),
    row.carrierRequests.map(({ firstIndex }) => firstIndex),
    row.carrierRequests.map(({ deviceCount }) => deviceCount),
    row.carrierRequests.map(({ deviceDecides = false }) => deviceDecides),
  ]);
  const request = (await lockRequests(tx, [pk])).get(pk);
  if (!request) throw new Error(`request ${row.id} is not there after it was written`);
  if (devices) await nameDevices(tx, request, devices);
  return request;
}

/** Writes the identifiers by which a mutation has named devices. */
export async function nameDevices(
  tx: Transaction,
  { pk, id, total, carriers }: Pick<LockedRequest, 'pk' | 'id' | 'total' | 'carriers'>,
  devices: readonly RequestedDevice[],
): Promise<void> {
  const state = new RequestState({ requestId: id, total, carriers: carriers.map((each) => ({ ...each, tallies: null, owed: null })) });
  await writeKeys(
    tx,
    devices.flatMap(({ deviceIds }, index) =>
      deviceIds.slice(0, MOST_KEYS).map(({ kind, id: text }) => {
        const key = identifierKey(parseIdentifierKind(kind), text, kind);
        return { pk, index, position: state.positionOf(index), key, stem: stemOf(key) };
      }),
    ),
  );
}

const INSERT_REQUEST = `INSERT INTO request (id, account, origin, operation, created_by, client_reference, idempotency_key, input_hash,
    retry_of, status, total, counts, last_seq, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'QUEUED', $10, '{}', 0, $11, $11) RETURNING pk`;
const INSERT_CARRIERS = `INSERT INTO carrier_request (request_pk, position, service, state, first_index, device_count, device_decides, sent_after)
  SELECT $1, position, service, 'QUEUED', first_index, device_count, device_decides, ${LAST_UNCLAIMED}
  FROM unnest($2::integer[], $3::text[], $4::integer[], $5::integer[], $6::boolean[])
    AS n (position, service, first_index, device_count, device_decides)`;
