import type * as z from 'zod';

/** One fault of an input: where it is, and what would be right. It never repeats the value, which may be personal data. */
export interface InputFault {
  /** Below the mutation's `input`: `["devices", 3, "deviceIds", 0, "id"]`. */
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
