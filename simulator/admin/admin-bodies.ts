import { z } from 'zod';
import type { CallbackFaultSettings } from '../faults/callback-faults.ts';
import { faultBodies } from '../faults/endpoint-faults.ts';

/** An endpoint fault in JSON: as `EndpointFault`, with `"times": "always"` for a rule that stays. */
export const endpointFaultBody = z.strictObject({
  endpoint: z.string(),
  about: z.string().exactOptional(),
  times: z
    .union([z.int().positive(), z.literal('always')])
    .transform((times) => (times === 'always' ? Number.POSITIVE_INFINITY : times))
    .default(1),
  latencyMs: z.number().nonnegative().exactOptional(),
  drop: z.enum(['before-reading', 'before-answer', 'mid-body']).exactOptional(),
  status: z.int().min(200).max(599).exactOptional(),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.union([z.enum(faultBodies), z.strictObject({ text: z.string() })]).exactOptional(),
  performed: z.boolean().exactOptional(),
});

/** Callback faults to change. A fault that is left out stays as it is. */
export const callbackFaultsBody = z.strictObject({
  withholdDevices: z.array(z.string()).exactOptional(),
  withholdNext: z.int().nonnegative().exactOptional(),
  withholdShare: z.number().min(0).max(1).exactOptional(),
  copies: z.int().positive().exactOptional(),
  reorder: z.boolean().exactOptional(),
  timing: z.enum(['delayed', 'with-response', 'before-response']).exactOptional(),
  credentials: z.enum(['registered', 'wrong', 'missing']).exactOptional(),
}) satisfies z.ZodType<Partial<CallbackFaultSettings>>;

/** The unkindnesses to be on from now on; the others are off. */
export const unkindBody = z.strictObject({ names: z.array(z.string()) });

export const releaseBody = z.strictObject({ order: z.enum(['held', 'reverse', 'shuffled']).default('held') });

export const refuseLoginsBody = z.strictObject({ refuse: z.boolean().default(true) });

export const emitBody = z.strictObject({
  account: z.string(),
  service: z.string(),
  body: z.unknown(),
  url: z.url().exactOptional(),
  contentType: z.string().exactOptional(),
});
