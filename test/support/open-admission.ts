import { Admission, type AdmissionOptions } from '../../src/server/limits/admission.ts';
import { OutgoingBytes } from '../../src/server/limits/outgoing-bytes.ts';

/** Admits every caller who has the rights, with no limits but those a test sets. */
export function openAdmission(
  parts: Pick<AdmissionOptions, 'audit' | 'logger'> &
    Partial<Pick<AdmissionOptions, 'operationsPerMinute' | 'mutationsPerMinute' | 'maxCost' | 'outgoing' | 'onRefused'>>,
): Admission {
  const unlimited = Number.MAX_SAFE_INTEGER;
  return new Admission({
    maxCost: unlimited,
    operationsPerMinute: unlimited,
    mutationsPerMinute: unlimited,
    outgoing: new OutgoingBytes(),
    onRefused: () => undefined,
    ...parts,
  });
}
