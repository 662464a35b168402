import { z } from 'zod';
import { reportByCarrierService } from '../actions/carrier-service.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { listDate } from '../devices/carrier-date.ts';
import { addEvent, type Device } from '../devices/device.ts';

const dayMs = 86_400_000;

/** Most days in one run, and in twelve months (page "Service Provisioning Rules"). */
const maxDays = { inARun: 90, inAYear: 180 } as const;

const notActive = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Active state');

/**
 * Page "Suspend Service for Devices": ACTIVE becomes SUSPEND. A suspended line keeps its number, address and plan.
 *
 * Inferred: a line that is not active gets a fault. `withBilling` is accepted and has no effect. Not simulated: the limit of
 * changes a day, and the automatic restore.
 */
export const suspendDevices = defineOperation({
  endpoint: 'suspend',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/suspend',
  dialect: 'business',
  body: z.looseObject({ ...selectionFields, withBilling: z.boolean().nullish() }),
  receive: (body, carrier) => {
    const selected = receiveSelection(body, carrier, { state: 'active' });
    const now = () => carrier.settings.clock.now();
    return {
      ...selected,
      hasRequestStatus: true,
      refuse: (device) => (device.state === 'active' ? undefined : notActive),
      apply: (device) => {
        device.state = 'suspend';
        device.connected = false;
        if (device.profile !== undefined) device.profile.state = 'SUSPEND';
        addEvent(device, 'Suspension Confirmed', now());
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceState', 'Suspend'],
        result: (device) => ({ suspendResponse: suspendResponse(device, now()) }),
      }),
    };
  },
  example: {
    about: [
      'Suspends an active device. Follow it with the id of',
      'its request: the outcome tells how long it lasts.',
      '',
      'Run it again: the carrier accepts the request, but',
      'the device fails, because it is suspended now.',
      '',
      'Another active device: 89148000054247635302',
      'An unknown ICCID counts as an active device.',
    ],
    input: { target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000021368332915' }] }] } },
  },
});

/** All values are text, as seen in the field. The form of the date is inferred. */
function suspendResponse(device: Device, now: number) {
  const days = Math.floor(suspendedMs(device, now) / dayMs);
  return {
    expectedResumeDate: listDate(now + Math.min(maxDays.inARun, maxDays.inAYear - days) * dayMs),
    maxSuspendDaysAllowed: String(maxDays.inARun),
    numDaysSuspendAllowedCurrent12Months: String(maxDays.inAYear),
    numDaysSuspendedLast12Months: String(days),
  };
}

/** How long the line was suspended in the last twelve months: each suspension lasts until the next event of the history. */
function suspendedMs({ history }: Device, now: number): number {
  const yearAgo = now - 365 * dayMs;
  const lengths = history.map(({ at, type }, index) => {
    const until = history[index + 1]?.at ?? now;
    return type.startsWith('Suspension') ? Math.max(0, until - Math.max(at, yearAgo)) : 0;
  });
  return lengths.reduce((sum, each) => sum + each, 0);
}
