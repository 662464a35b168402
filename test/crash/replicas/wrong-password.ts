import type { Simulator } from '../../../simulator/simulator.ts';
import { graphql } from '../../support/stack.ts';
import type { ReplicaGroup } from './replica-group.ts';

const TIMES = 4;

const ACTIVATE = 'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { __typename } }';

/**
 * Starts all replicas with a password that the carrier refuses, and asks each of them for several mutations at once; then the same after
 * they were killed. Gives back how many logins were refused.
 */
export async function tryWrongPassword(group: ReplicaGroup, simulator: Simulator): Promise<number> {
  simulator.faults.expireSessions();
  const before = simulator.ledger.counts.loginsRefused;
  for (let life = 1; life <= 2; life++) {
    await Promise.all(group.replicas.map((replica) => replica.start({ M2M_THINGSPACE_PASSWORD: 'not-the-password' })));
    const asked = group.replicas.flatMap((replica) => Array.from({ length: TIMES }, () => ask(replica.process?.graphql ?? '', simulator)));
    await Promise.allSettled(asked);
    await Promise.all(group.replicas.map((replica) => replica.kill()));
  }
  return simulator.ledger.counts.loginsRefused - before;
}

function ask(url: string, { accounts }: Simulator): Promise<unknown> {
  const deviceIds = [
    { kind: 'IMEI', value: '990000000000017' },
    { kind: 'ICCID', value: '89148000000000000017' },
  ];
  const input = { accountName: accounts[0], target: { devices: [{ deviceIds }] }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };
  return graphql(url, ACTIVATE, { input });
}
