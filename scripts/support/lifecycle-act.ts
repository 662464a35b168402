import {
  ActivateDevicesDocument,
  ChangeServicePlanDocument,
  DeactivateDevicesDocument,
  RestoreDevicesDocument,
  SuspendDevicesDocument,
} from '../../documents/gql/graphql.ts';
import { follow, requestId, run, type Stage } from './demo-stage.ts';
import type { Finished } from './progress-view.ts';

const SIMS = 50;

/** The life of the same 50 SIMs, from their activation to their end. */
export async function playLifecycle(stage: Stage): Promise<Finished[]> {
  const { client, accountName } = stage;
  const devices = Array.from({ length: SIMS }, (_, at) => ({
    deviceIds: [
      { kind: 'IMEI', value: `99001390${String(200_000 + at)}0` } as const,
      { kind: 'ICCID', value: `8914800000${String(at).padStart(6, '0')}${2_000 + at}` } as const,
    ],
  }));
  const input = { accountName, target: { devices } };
  const activation = { ...input, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  const { activateDevices } = await run(client, ActivateDevicesDocument, { input: activation });
  const activated = await follow(stage, 'activateDevices', `Activate ${SIMS} SIMs`, requestId(activateDevices));
  const { suspendDevices } = await run(client, SuspendDevicesDocument, { input });
  const suspended = await follow(stage, 'suspendDevices', 'Suspend them', requestId(suspendDevices));
  const { restoreDevices } = await run(client, RestoreDevicesDocument, { input });
  const restored = await follow(stage, 'restoreDevices', 'Restore them', requestId(restoreDevices));
  const { changeServicePlan } = await run(client, ChangeServicePlanDocument, { input: { ...input, servicePlan: 'm2m4G500MB' } });
  const changed = await follow(stage, 'changeServicePlan', 'Change their plan', requestId(changeServicePlan));
  const { deactivateDevices } = await run(client, DeactivateDevicesDocument, { input });
  const ended = await follow(stage, 'deactivateDevices', 'Deactivate them for good', requestId(deactivateDevices));
  return [activated, suspended, restored, changed, ended];
}
