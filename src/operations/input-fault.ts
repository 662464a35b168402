import type * as z from 'zod';

/** One thing wrong with an input, where, and what would be right. Never the value itself: it may be personal data. */
export interface InputFault {
  /** From the mutation's `input` down: `["devices", 3, "deviceIds", 0, "id"]`. */
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

export type ReportFault = (path: InputFault['path'], code: string, message: string) => void;

export function faultsOf(error: z.ZodError): InputFault[] {
  return error.issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    code: (issue.code === 'custom' && typeof issue.params?.['code'] === 'string' ? issue.params['code'] : issue.code).toUpperCase(),
    message: issue.message,
  }));
}
