import { useEffect, useState, useSyncExternalStore } from 'react';
import { OutcomeStore } from '../../../../examples/outcome-store.ts';
import type { FrontEnd, Outcome } from './front-end.ts';

interface Props {
  readonly frontEnd: FrontEnd;
  readonly requestId: string;
  readonly onRetried: (requestId: string) => void;
}

/** Loads all devices of a request into a store, and follows the request from there. */
export function LiveView({ frontEnd, requestId, onRetried }: Props) {
  const [store] = useState(() => new OutcomeStore<Outcome>());
  const { outcomes, counts, status, withStatus } = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const [loadedAt, setLoadedAt] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [onlyFailed, setOnlyFailed] = useState(false);
  const readDevices = frontEnd.useReadDevices();
  const retry = frontEnd.useRetry();
  const cancel = frontEnd.useCancel();

  useEffect(() => {
    store
      .load((after) => readDevices(requestId, after))
      .then(
        () => setLoadedAt(store.cursor),
        (error: Error) => setProblem(error.message),
      );
  }, [store, requestId]);

  const act = (action: Promise<{ readonly __typename: string; readonly message?: string; readonly request?: { readonly id: string } }>) => {
    action.then(
      ({ message, request }) => {
        setProblem(message ?? null);
        if (request && request.id !== requestId) onRetried(request.id);
      },
      (error: Error) => setProblem(error.message),
    );
  };

  return (
    <section aria-label="Live view" data-request={requestId} data-status={status} data-loaded={loadedAt !== null}>
      {loadedAt !== null && <Follow frontEnd={frontEnd} requestId={requestId} store={store} after={loadedAt} />}
      <h2>
        {requestId} {status}
      </h2>
      {problem !== null && <em role="alert">{problem}</em>}
      <p>
        {Object.entries(counts).map(([each, count]) => (
          <span key={each} data-count={each}>
            {each}: {count}{' '}
          </span>
        ))}
      </p>
      <label>
        <input type="checkbox" checked={onlyFailed} onChange={(event) => setOnlyFailed(event.target.checked)} /> Only failed devices
      </label>
      {status === 'QUEUED' && <button onClick={() => act(cancel(requestId))}>Cancel</button>}
      {counts.FAILED !== undefined && <button onClick={() => act(retry(requestId))}>Retry failed devices</button>}
      <DeviceTable outcomes={onlyFailed ? withStatus('FAILED') : outcomes} />
    </section>
  );
}

function Follow({
  frontEnd,
  requestId,
  store,
  after,
}: Pick<Props, 'frontEnd' | 'requestId'> & { store: OutcomeStore<Outcome>; after: string }) {
  const error = frontEnd.useFollow(requestId, after, (event) => void store.apply(event));
  return error ? <em role="alert">{error.message}</em> : null;
}

const ROW_HEIGHT = 24;
const ROWS_SHOWN = 20;

/** Draws only the rows that are in sight, whatever the length of the list. */
function DeviceTable({ outcomes }: { outcomes: readonly Outcome[] }) {
  const [top, setTop] = useState(0);
  const first = Math.floor(top / ROW_HEIGHT);
  return (
    <div
      role="table"
      aria-rowcount={outcomes.length}
      style={{ height: ROWS_SHOWN * ROW_HEIGHT, overflow: 'auto', position: 'relative' }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: outcomes.length * ROW_HEIGHT }} />
      {outcomes.slice(first, first + ROWS_SHOWN + 1).map(({ id, index, status, deviceIds, fault }, at) => (
        <div role="row" key={id} style={{ position: 'absolute', top: (first + at) * ROW_HEIGHT, height: ROW_HEIGHT }}>
          {index + 1} {deviceIds.map(({ kind, value }) => `${kind} ${value}`).join(', ')} {status} {fault?.message}
        </div>
      ))}
    </div>
  );
}
