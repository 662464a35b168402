import * as z from 'zod';
import { fieldsOf, lenientObjects, lenientText, listOrOne, readCount } from './carrier-values.ts';

/** A service plan that an account may use. */
export interface ServicePlan {
  readonly name: string;
  /** What a request names the plan by. It may differ from the name. */
  readonly code: string;
  /** The allowance in kilobytes. Null when the carrier does not say. */
  readonly sizeKb: number | null;
  readonly carrierServicePlanCode: string | null;
}

const plan = fieldsOf({ name: lenientText, code: lenientText, sizeKb: z.unknown().optional(), carrierServicePlanCode: lenientText });

/** Placeholder rows have no code. No request could name them, so they are left out. */
function readPlans(list: unknown): ServicePlan[] {
  return lenientObjects.parse(list ?? []).flatMap((each) => {
    const { name, code, sizeKb, carrierServicePlanCode } = plan.parse(each);
    return code === null ? [] : [{ name: name ?? code, code, sizeKb: readCount(sizeKb), carrierServicePlanCode }];
  });
}

/** `GET plans/{account}`: `[{name, code, sizeKb, carrierServicePlanCode, extendedAttributes}]` (page "Retrieve Service Plans"). */
export const servicePlansAnswer = listOrOne.refine((list) => list !== null).transform(readPlans);
