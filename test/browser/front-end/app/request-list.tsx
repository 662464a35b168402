import type { FrontEnd } from './front-end.ts';

export function RequestList({ frontEnd, onChosen }: { frontEnd: FrontEnd; onChosen: (requestId: string) => void }) {
  const { requests, error, reload } = frontEnd.useRequests();
  return (
    <section aria-label="Requests">
      <button onClick={reload}>Reload</button>
      {error && <em role="alert">{error.message}</em>}
      <ul>
        {requests.map(({ id, operation, status, progress }) => (
          <li key={id} data-request={id}>
            <button onClick={() => onChosen(id)}>{id}</button> {operation} {status} {progress.settled} of {progress.total}
          </li>
        ))}
      </ul>
    </section>
  );
}
