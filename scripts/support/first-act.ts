import { ActivateDevicesDocument, RenewActivationCodeDocument, ResumeProfileDocument } from '../../documents/gql/graphql.ts';
import { follow, requestId, run, type Stage } from './demo-stage.ts';
import type { Finished } from './progress-view.ts';

const PLAN = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };

/** Three mutations, each followed to its end. */
export async function playFirstAct(stage: Stage): Promise<Finished[]> {
  return [
    await follow(stage, 'activateDevices', 'Activate 500 devices', await activate(stage)),
    await follow(stage, 'renewActivationCode', 'Renew activation codes', await renew(stage)),
    await follow(stage, 'resumeProfile', 'Resume eSIM profiles', await resume(stage)),
  ];
}

async function activate({ client, accountName }: Stage): Promise<string> {
  const devices = Array.from({ length: 500 }, (_, at) => ({
    deviceIds: [
      { kind: 'IMEI', value: `99001390${String(100_000 + at)}0` } as const,
      // The last four digits choose what becomes of a few: see the simulator's magic identifiers.
      { kind: 'ICCID', value: `8914800000${String(at).padStart(6, '0')}${MAGIC[at] ?? 1_000 + at}` } as const,
    ],
  }));
  const { activateDevices: result } = await run(client, ActivateDevicesDocument, { input: { accountName, target: { devices }, ...PLAN } });
  return requestId(result);
}

const MAGIC = ['4040', '4090', '4220', '0003', '0004', '0007'] as const;

async function renew({ client, simulator, accountName }: Stage): Promise<string> {
  const devices = simulator.inventory.find({ account: accountName, profileState: 'DEACTIVE' }).map(({ identifiers: { eid, iccid } }) => ({
    deviceIds: [{ kind: 'EID', value: eid ?? '' } as const, { kind: 'ICCID', value: iccid ?? '' } as const],
  }));
  const { renewActivationCode: result } = await run(client, RenewActivationCodeDocument, { input: { accountName, devices } });
  return requestId(result);
}

async function resume({ client, simulator, accountName }: Stage): Promise<string> {
  const profiles = [
    ...simulator.inventory.find({ account: accountName, profileState: 'SUSPEND' }),
    ...simulator.inventory.find({ account: accountName, profileState: 'ACTIVE' }).slice(0, 1),
  ];
  const devices = profiles.map(({ identifiers: { iccid } }) => ({ deviceIds: [{ kind: 'ICCID', value: iccid ?? '' } as const] }));
  const { resumeProfile: result } = await run(client, ResumeProfileDocument, {
    input: { accountName, devices, servicePlan: 'HybridESim' },
  });
  return requestId(result);
}
