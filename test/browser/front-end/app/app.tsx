import { useState, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { ActivateForm } from './activate-form.tsx';
import { textOf, type Connect, type FrontEnd } from './front-end.ts';
import { LiveView } from './live-view.tsx';
import { RequestList } from './request-list.tsx';

/** A front end as a team writes its first one: a form, a live view, a list. The page says where the gateway is. */
export function renderApp(connect: Connect): void {
  const { graphql = '', websocket = '' } = document.documentElement.dataset;
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  root.render(
    <SignIn
      onKey={(key) => {
        const { frontEnd, provide } = connect({ graphql, websocket, authorization: `Bearer ${key}` });
        root.render(provide(<App frontEnd={frontEnd} />));
      }}
    />,
  );
}

function SignIn({ onKey }: { onKey: (key: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onKey(textOf(new FormData(event.currentTarget), 'key'));
  };
  return (
    <form onSubmit={submit}>
      <label>
        API key <input name="key" type="password" />
      </label>
      <button>Sign in</button>
    </form>
  );
}

function App({ frontEnd }: { frontEnd: FrontEnd }) {
  const [requestId, show] = useState<string | null>(null);
  return (
    <>
      <ActivateForm frontEnd={frontEnd} onAccepted={show} />
      <RequestList frontEnd={frontEnd} onChosen={show} />
      {requestId !== null && <LiveView key={requestId} frontEnd={frontEnd} requestId={requestId} onRetried={show} />}
    </>
  );
}
