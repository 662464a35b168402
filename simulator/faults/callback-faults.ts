import type { Random } from '../random.ts';

/** Things that go wrong with callbacks. */
export interface CallbackFaultSettings {
  /** Withhold the callbacks of devices with any of these identifiers. Default none. */
  withholdDevices: readonly string[];
  /** Withhold the next so many callbacks. Default 0. */
  withholdNext: number;
  /** Share of callbacks to withhold, 0 to 1. Default 0. */
  withholdShare: number;
  /** Copies of every callback, sent in parallel. Default 1. */
  copies: number;
  /** Collect the callbacks of a request and send them in reverse order. Default false. */
  reorder: boolean;
  /** When they start: after their delay, 0 ms after the response, or before the response is written. Default `delayed`. */
  timing: 'delayed' | 'with-response' | 'before-response';
  /** The username and password in the body. Default `registered`. */
  credentials: 'registered' | 'wrong' | 'missing';
}

/** Settings without any fault. */
export const noCallbackFaults: Readonly<CallbackFaultSettings> = {
  withholdDevices: [],
  withholdNext: 0,
  withholdShare: 0,
  copies: 1,
  reorder: false,
  timing: 'delayed',
  credentials: 'registered',
};

/** Whether this callback is withheld; uses `withholdNext` up. */
export function isWithheld(settings: CallbackFaultSettings, ids: readonly { readonly id: string }[], random: Random): boolean {
  if (settings.withholdNext > 0) {
    settings.withholdNext -= 1;
    return true;
  }
  if (settings.withholdDevices.length > 0 && ids.some(({ id }) => settings.withholdDevices.includes(id))) return true;
  return settings.withholdShare > 0 && random.chance(settings.withholdShare);
}
