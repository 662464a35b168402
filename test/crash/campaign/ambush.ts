import { setTimeout as delay } from 'node:timers/promises';
import type { ActionPost } from '../../../simulator/ledger.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { OPERATION_ENDPOINTS } from './carrier-faults.ts';
import type { LifePlan } from './life-plan.ts';

/** How long the carrier waits with its answer, so that the gateway can be killed meanwhile, in milliseconds. */
const THINKING_MS = 60;

/** Lets a gateway live for a while and ends it as planned. Resolves when the signal is sent, or when the gateway has ended by itself. */
export async function ambush(gateway: GatewayProcess, plan: LifePlan, simulator: Simulator, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  void gateway.exited.then(() => ended.abort());
  const either = AbortSignal.any([ended.signal, signal]);
  const pause = (ms: number) => delay(ms, undefined, { signal: either }).catch(() => undefined);
  if (plan.ending === 'sent' || plan.ending === 'answered') {
    await pause(plan.afterMs / 3);
    await Promise.race([untilPosted(simulator, plan.ending), pause(plan.afterMs)]);
  } else {
    await pause(plan.afterMs);
  }
  if (plan.frozenMs > 0 && !ended.signal.aborted) {
    gateway.kill('SIGSTOP');
    await pause(plan.frozenMs);
    gateway.kill('SIGCONT');
    await pause(plan.frozenMs / 4);
  }
  gateway.kill(plan.ending === 'stop' ? 'SIGTERM' : 'SIGKILL');
}

/** Resolves in the turn in which the carrier has performed a POST and not answered it yet, or has written its answer. */
async function untilPosted({ faults, ledger }: Simulator, point: 'sent' | 'answered'): Promise<void> {
  if (point === 'sent') for (const endpoint of OPERATION_ENDPOINTS) faults.latency(endpoint, THINKING_MS);
  const before = ledger.posts.length;
  const reached = (post: ActionPost) => post.requestId !== undefined && (point === 'sent' || post.status === 200);
  await ledger.until(({ posts }) => posts.slice(before).some(reached));
}
