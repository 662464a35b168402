import type { CountedUses } from '../../datasources/request-log/request-reads.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { NextTurn, RequestedDevice } from '../../datasources/request-log/stored-request.ts';
import { parseIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { identifierKey } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { Operation } from '../../operations/define-operation.ts';
import { OPERATIONS } from '../../operations/index.ts';
import type { LineLimit } from '../../operations/line-limits.ts';

/** Lines of an input or of a Request that a caller should look at. It stops nothing. */
export interface LineWarning {
  readonly code: LineLimit['code'] | 'UNDER_WAY';
  readonly message: string;
  /** The places of these lines in the list of the mutation. */
  readonly indexes: readonly number[];
}

interface Asked {
  readonly operation: Operation;
  readonly account: string;
  /** Null when the carrier chooses them: then nothing is known. */
  readonly devices: readonly RequestedDevice[] | null;
  /** Requests that were made before this moment count, in milliseconds. */
  readonly at: number;
}

type Requests = PartsOf<{ requests: 'countUses' }>;

/** Devices that are counted in one turn. */
const COUNTED_AT_ONCE = 500;
/** What is under way for longer has expired. */
const UNDER_WAY_MS = 30 * 86_400_000;

/** Finds lines that our own log has used as often as the carrier takes it. What others did with a line is not known here. */
export async function findLimitWarnings(store: Requests, asked: Asked, nextTurn: NextTurn): Promise<readonly LineWarning[]> {
  const { lineLimit } = asked.operation;
  if (!lineLimit) return [];
  const operations = OPERATIONS.filter((each) => each.lineLimit?.code === lineLimit.code).map(({ name }) => name);
  const counted = { operations, isOpen: false, since: asked.at - lineLimit.periodMs };
  const indexes = await findUsed(store, asked, counted, lineLimit.most, nextTurn);
  const often = `${say(indexes)} been used ${lineLimit.most} times or more by this gateway`;
  return indexes.length === 0 ? [] : [{ code: lineLimit.code, message: `${often}. ${lineLimit.rule}; it may refuse more.`, indexes }];
}

/** The same, and lines of which another request is not complete: the carrier refuses every change while one is pending. */
export async function findLineWarnings(store: Requests, asked: Asked, nextTurn: NextTurn): Promise<readonly LineWarning[]> {
  const counted = { operations: null, isOpen: true, since: asked.at - UNDER_WAY_MS };
  const indexes = await findUsed(store, asked, counted, 1, nextTurn);
  const message = `${say(indexes)} a request under way. The carrier refuses a change of a line while another one is pending.`;
  const underWay = indexes.length === 0 ? [] : [{ code: 'UNDER_WAY' as const, message, indexes }];
  return [...underWay, ...(await findLimitWarnings(store, asked, nextTurn))];
}

async function findUsed(
  { requests }: Requests,
  { account, devices, at }: Asked,
  counted: Omit<CountedUses, 'account' | 'until'>,
  most: number,
  nextTurn: NextTurn,
): Promise<number[]> {
  const indexes: number[] = [];
  for (let from = 0; from < (devices?.length ?? 0); from += COUNTED_AT_ONCE) {
    await nextTurn();
    const some = (devices ?? []).slice(from, from + COUNTED_AT_ONCE).map(keysOf);
    const uses = await requests.countUses({ ...counted, account, until: at }, [...new Set(some.flat())]);
    for (const [place, keys] of some.entries()) if (keys.some((key) => (uses.get(key) ?? 0) >= most)) indexes.push(from + place);
  }
  return indexes;
}

function say(indexes: readonly number[]): string {
  return indexes.length === 1 ? 'One line has' : `${indexes.length} lines have`;
}

function keysOf({ deviceIds }: RequestedDevice): string[] {
  return deviceIds.map(({ kind, id }) => identifierKey(parseIdentifierKind(kind), id, kind));
}
