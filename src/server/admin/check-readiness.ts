import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { Session, TokenTrouble } from '../../datasources/thingspace/session.ts';
import { GatewayError, isStoreAway } from '../../errors.ts';
import { describeOff, type SteadyClock } from '../../lib/steady-clock.ts';
import type { RegistrationKeeper } from '../../resolvers/callbacks/keep-registrations.ts';

/** Where the gateway is in its life. GraphQL opens last, when requests can be sent and followed. */
export type Stage = 'STARTING' | 'OPEN' | 'DRAINING';

/** The word of a check that is well. */
const OK = 'ok';
const NOT_KNOWN = 'not known while the database does not answer';

/** Where messages wait that the shared store has not taken. */
export interface Journal {
  readonly isBehind: boolean;
  readonly stuck: string | null;
  readonly messages: number;
}

/** What is asked once the store is open. */
interface OpenedSources {
  readonly store: PartsOf<{ health: 'probe'; upkeep: 'disk' }>;
  readonly session: Session;
  readonly registrations: RegistrationKeeper;
}

interface Sources {
  readonly clock: Pick<SteadyClock, 'jump'>;
  /** Null until the store is open. */
  readonly parts: () => OpenedSources | null;
  /** Why it is not open yet. */
  readonly notYet: string;
  readonly stage: () => Stage;
  /** Why the callback listener is not open yet; null when it is. */
  readonly callbacksClosed: () => string | null;
  /** Paths whose messages are refused for want of room. */
  readonly refused: () => Promise<Readonly<Record<string, string>>>;
  /** See `Intake.journal`. */
  readonly journal: () => Promise<Journal | null>;
}

/**
 * Whether GraphQL answers and can do its work. A refused login makes it unready until somebody acts. A carrier that is down does
 * not, because requests wait for it. Nor does a lost registration; both are told.
 */
export async function checkReadiness(sources: Sources) {
  const { parts, stage, refused, clock } = sources;
  const now = stage();
  const opened = parts();
  const { text: storeCheck, isAway } = await checkStore(sources);
  const { login, isLatched } = opened === null || isAway ? { login: NOT_KNOWN, isLatched: false } : await checkLogin(opened.session);
  return {
    ready: storeCheck === OK && !isLatched && now === 'OPEN',
    checks: {
      store: storeCheck,
      login,
      ...(opened && (await describeRoom(opened.store))),
      ...(await refused()),
      ...opened?.registrations.checks,
      ...describeClock(clock),
      ...describeStage(now, 'GraphQL is not open yet'),
    },
  };
}

/** Whether callbacks are taken and stored. What the carrier says to our login does not count: it delivers all the same. */
export async function checkCallbackReadiness(sources: Sources) {
  const { parts, stage, callbacksClosed, refused, clock, journal } = sources;
  const closed = callbacksClosed();
  const now = stage() === 'DRAINING' ? 'DRAINING' : closed === null ? 'OPEN' : 'STARTING';
  const opened = parts();
  const [{ text: storeCheck }, journalCheck] = await Promise.all([checkStore(sources), checkJournal(journal)]);
  // What a shared store does not take, its journal takes.
  const isStored = journalCheck === null ? storeCheck === OK : journalCheck.isOk;
  return {
    ready: isStored && now === 'OPEN',
    checks: {
      store: storeCheck,
      ...(journalCheck && { journal: journalCheck.text }),
      ...(opened && (await describeRoom(opened.store))),
      ...(await refused()),
      ...opened?.registrations.checks,
      ...describeClock(clock),
      ...describeStage(now, closed),
    },
  };
}

/** A login that was refused is remembered in the store. */
async function checkLogin(session: Session): Promise<{ readonly login: string; readonly isLatched: boolean }> {
  try {
    const trouble = await session.trouble();
    return { login: describeTrouble(trouble), isLatched: trouble?.call === 'login' && trouble.kind === 'REFUSED' };
  } catch (error) {
    if (!isStoreAway(error)) throw error;
    return { login: NOT_KNOWN, isLatched: false };
  }
}

/** A low disk makes nothing unready: results of requests are taken, and questions answered. */
async function describeRoom({ upkeep }: OpenedSources['store']): Promise<Readonly<Record<string, string>>> {
  const { freeBytes, floorBytes, isLow } = await upkeep.disk();
  if (!isLow) return {};
  const megabytes = (bytes: number) => Math.floor(bytes / 1_000_000);
  return { disk: `low: ${megabytes(freeBytes)} MB free, ${megabytes(floorBytes)} MB are kept for the results of requests` };
}

/** By a real write. `isAway`: it is shared, and comes back by itself. Whoever asks it more now would only wait. */
export async function checkStore({
  parts,
  notYet,
}: Pick<Sources, 'parts' | 'notYet'>): Promise<{ readonly text: string; readonly isAway: boolean }> {
  const opened = parts();
  if (opened === null) return { text: `failing: ${notYet}`, isAway: true };
  try {
    await opened.store.health.probe();
    return { text: OK, isAway: false };
  } catch (error) {
    return { text: error instanceof GatewayError ? `failing: ${error.message}` : 'failing', isAway: isStoreAway(error) };
  }
}

/** Null where the store is embedded. */
async function checkJournal(read: Sources['journal']): Promise<{ readonly isOk: boolean; readonly text: string } | null> {
  try {
    const journal = await read();
    if (journal === null) return null;
    const { isBehind, stuck, messages } = journal;
    if (stuck !== null) return { isOk: true, text: `${messages} messages cannot be moved to the database: ${stuck}` };
    return { isOk: true, text: isBehind ? `${messages} messages wait for the database` : OK };
  } catch (error) {
    return { isOk: false, text: `failing: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function describeTrouble(trouble: TokenTrouble | null): string {
  if (trouble === null) return OK;
  return `${trouble.kind === 'REFUSED' ? 'refused' : 'not answered'}: ${trouble.reason}`;
}

function describeClock({ jump }: Pick<SteadyClock, 'jump'>) {
  return jump && { clock: `not believed: the wall clock of this machine is ${describeOff(jump.byMs)}` };
}

function describeStage(stage: Stage, starting: string | null) {
  return { ...(stage === 'STARTING' && { starting }), ...(stage === 'DRAINING' && { draining: 'yes' }) };
}
