import { useState, type FormEvent, type ReactNode } from 'react';
import type { ActivateDeviceInput } from '../../../../documents/gql/graphql.ts';
import { textOf, type FrontEnd } from './front-end.ts';

interface Fault {
  readonly path: readonly string[];
  readonly message: string;
}

/** Which field of the form a fault belongs to: the first that its path begins with. What belongs to none is shown below. */
const FIELDS = ['accountName', 'servicePlan', 'mdnZipCode', 'target'] as const;

export function ActivateForm({ frontEnd, onAccepted }: { frontEnd: FrontEnd; onAccepted: (requestId: string) => void }) {
  const activate = frontEnd.useActivate();
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const [key, setKey] = useState(() => crypto.randomUUID());

  const send = async (form: FormData) => {
    const field = (name: string) => textOf(form, name);
    const file = form.get('target');
    const result = await activate({
      accountName: field('accountName'),
      servicePlan: field('servicePlan'),
      mdnZipCode: field('mdnZipCode'),
      target: { devices: devicesIn(file instanceof File ? await file.text() : '') },
      // The same until the gateway has taken it: to press twice, or again after an error, makes one request.
      idempotencyKey: key,
    });
    if ('faults' in result) return setFaults(result.faults);
    if ('message' in result) return setFaults([{ path: [], message: result.message }]);
    setFaults([]);
    if (!('request' in result)) return;
    setKey(crypto.randomUUID());
    onAccepted(result.request.id);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    send(new FormData(event.currentTarget)).catch((error: Error) => setFaults([{ path: [], message: error.message }]));
  };
  const field = (name: (typeof FIELDS)[number], label: string, control: ReactNode) => (
    <label data-field={name}>
      {label} {control}
      <Faults faults={faults.filter(({ path }) => path[0] === name)} />
    </label>
  );

  return (
    <form aria-label="Activate devices" onSubmit={submit}>
      {field('accountName', 'Account', <input name="accountName" />)}
      {field('servicePlan', 'Service plan', <input name="servicePlan" />)}
      {field('mdnZipCode', 'ZIP code', <input name="mdnZipCode" />)}
      {field('target', 'Devices: a file with IMEI and ICCID, one device a line', <input name="target" type="file" />)}
      <Faults faults={faults.filter(({ path }) => !FIELDS.some((name) => name === path[0]))} />
      <button>Activate</button>
    </form>
  );
}

/** A fault of a device names the line: its path has the device's position in the list. */
function Faults({ faults }: { faults: readonly Fault[] }) {
  return (
    <>
      {faults.map(({ path, message }) => (
        <em role="alert" key={path.join('.')}>
          {path[1] === 'devices' && path[2] !== undefined ? `Line ${Number(path[2]) + 1}: ` : ''}
          {message}
        </em>
      ))}
    </>
  );
}

function devicesIn(text: string): ActivateDeviceInput[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [imei = '', iccid = ''] = line.trim().split(/\s+/);
    return {
      deviceIds: [
        { kind: 'IMEI', value: imei },
        { kind: 'ICCID', value: iccid },
      ],
    };
  });
}
