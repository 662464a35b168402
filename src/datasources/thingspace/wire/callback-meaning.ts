export interface CallbackFault {
  readonly code: string;
  readonly message: string;
}

/** What a message means for the device that it is about. */
export interface CallbackMeaning {
  /**
   * `FINAL` is a verdict: it settles the device. `PROGRESS` leaves it pending. `NIDD_CONFIG` is an effect beside the verdict, the second
   * message of an NB-IoT device. `OTHER` is about no outcome.
   */
  readonly bearing: 'FINAL' | 'PROGRESS' | 'NIDD_CONFIG' | 'OTHER';
  /** Whether a `FINAL` or `NIDD_CONFIG` message reports success. */
  readonly succeeded: boolean;
  /** The carrier waits for somebody, for example for the approval of a credit. That takes longer than the network does. */
  readonly isOnHold: boolean;
  /** The verdict is about one profile of an eSIM device. The message about the device itself decides, when there is one. */
  readonly isPart: boolean;
}

/** What the meaning of a message depends on. */
export interface SaidByCarrier {
  readonly service: string;
  readonly status: string | null;
  readonly fault: CallbackFault | null;
  readonly hasResponse: boolean;
  readonly hasNiddConfig: boolean;
  /** What the response says of the effect itself, for example `restored: "false"`. Null when it does not say. */
  readonly isDone: boolean | null;
}

/** The fault code of this gateway where the carrier takes its own success back, and names none. */
export const NOT_DONE = 'NOT_DONE';

/** Services whose messages settle a device of a request. Messages of other services are stored and shown, and settle nothing. */
export const OUTCOME_SERVICES: ReadonlySet<string> = new Set(['CarrierService', 'DeviceProfileService', 'StateService']);

const EFFECT = { succeeded: false, isOnHold: false, isPart: false } as const;
const MEANINGS = {
  CONFIGURED: { ...EFFECT, bearing: 'NIDD_CONFIG', succeeded: true },
  NOT_CONFIGURED: { ...EFFECT, bearing: 'NIDD_CONFIG' },
  OTHER: { ...EFFECT, bearing: 'OTHER' },
  PROGRESS: { ...EFFECT, bearing: 'PROGRESS' },
  ON_HOLD: { ...EFFECT, bearing: 'PROGRESS', isOnHold: true },
  SUCCESS: { ...EFFECT, bearing: 'FINAL', succeeded: true },
  FAILURE: { ...EFFECT, bearing: 'FINAL' },
  FAILURE_OF_PART: { ...EFFECT, bearing: 'FINAL', isPart: true },
} as const satisfies Record<string, CallbackMeaning>;

interface Row {
  readonly means: keyof typeof MEANINGS;
  readonly when: (said: SaidByCarrier & { readonly word: string }) => boolean;
  readonly because: string;
}

/** The first row that fits says what a message means. */
export const MEANING_TABLE: readonly Row[] = [
  {
    means: 'CONFIGURED',
    when: ({ hasNiddConfig, word }) => hasNiddConfig && word === 'configcreated',
    because: 'The page: ConfigCreated says that NIDD is configured. The activation itself has a message of its own.',
  },
  {
    means: 'NOT_CONFIGURED',
    when: ({ hasNiddConfig }) => hasNiddConfig,
    because: 'The page’s text says ConfigCreationFailed, its sample ConfigFailed. The device is active all the same.',
  },
  {
    means: 'OTHER',
    when: ({ service }) => !OUTCOME_SERVICES.has(service),
    because: 'Usage, SMS, NIDD data and notices are about no request of ours.',
  },
  {
    means: 'ON_HOLD',
    when: ({ fault }) => fault !== null && isOnHold(fault),
    because: 'A fault of this class is no verdict: the request waits for an approval, and the verdict follows in another message.',
  },
  {
    means: 'PROGRESS',
    when: ({ word }) => UNDER_WAY.has(word),
    because: 'The eUICC pages: after a time-out the carrier first sends a warning, and later the success or the failure.',
  },
  {
    means: 'FAILURE_OF_PART',
    when: ({ service, fault }) => service === 'DeviceProfileService' && fault !== null && /\bprofile\b.*\balready\b/i.test(fault.message),
    because:
      'The pages of device_suspend and device_resume: a profile that is in that state already reports an error, the device a success.',
  },
  {
    means: 'FAILURE',
    when: ({ fault }) => fault !== null,
    because: 'The page calls the status Failed “in most cases” of a fault. So the fault decides, whatever the status beside it.',
  },
  {
    means: 'FAILURE',
    when: ({ word }) => FAILED.has(word),
    because: 'The pages write Failed, the SDK Failure, the profile pages capitals.',
  },
  {
    means: 'FAILURE',
    when: ({ isDone }) => isDone === false,
    because: 'What the response says of the effect is more than the status of the message.',
  },
  {
    means: 'SUCCESS',
    when: ({ word }) => SUCCEEDED.has(word),
    because: 'The pages write Success and SUCCESS.',
  },
  {
    means: 'SUCCESS',
    when: ({ word, hasResponse }) => word === '' && hasResponse,
    because: 'Messages of 2016 had no status. A response without a fault was the success.',
  },
  {
    means: 'PROGRESS',
    when: () => true,
    because: 'A word that we do not know is never taken for a verdict. The device becomes overdue, and the carrier is asked.',
  },
];

const WAITING: ReadonlySet<string> = new Set(['ONHOLD', 'PENDING', 'INPROGRESS', 'QUEUED', 'DELAYED']);
const UNDER_WAY: ReadonlySet<string> = new Set(['pending', 'warning', 'inprogress', 'onhold', 'queued']);
const FAILED: ReadonlySet<string> = new Set(['failed', 'failure', 'fail']);
const SUCCEEDED: ReadonlySet<string> = new Set(['success', 'successful', 'succeeded']);

/** Whether a fault says that somebody has to approve the request first. */
export function isOnHold(fault: CallbackFault): boolean {
  return WAITING.has(classOf(fault));
}

export function readMeaning(said: SaidByCarrier): CallbackMeaning {
  const word = (said.status ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
  const row = MEANING_TABLE.find(({ when }) => when({ ...said, word }));
  return MEANINGS[row?.means ?? 'PROGRESS'];
}

/**
 * The class of a fault without its first word: `ONHOLD` of `UnifiedWebService.REQUEST_ONHOLD.CreditApproval`. A fault without a code
 * has its class at the beginning of its text. Empty when it has none.
 */
function classOf({ code, message }: CallbackFault): string {
  const [, found = ''] = /(?:^|\.)\s*REQUEST_([A-Z_]+?)(?=[.\s:]|$)/i.exec(code || message) ?? [];
  return found.replaceAll('_', '').toUpperCase();
}
