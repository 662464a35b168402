import { Admission, type AdmissionOptions } from '../../src/server/limits/admission.ts';

/** Lets in whoever has the rights, as much as it likes, unless a test says less. */
export function openAdmission(
  parts: Pick<AdmissionOptions, 'requestLog' | 'logger'> &
    Partial<Pick<AdmissionOptions, 'operationsPerMinute' | 'mutationsPerMinute' | 'maxCost'>>,
): Admission {
  const unlimited = Number.MAX_SAFE_INTEGER;
  return new Admission({
    maxCost: unlimited,
    operationsPerMinute: unlimited,
    mutationsPerMinute: unlimited,
    onRefused: () => undefined,
    ...parts,
  });
}
