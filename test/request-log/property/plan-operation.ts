import type { Operation } from './operations.ts';
import { planCallback, planExternal, planResend } from './plan-callback.ts';
import { planCancel, planLapse, planLearn, planReconcile, planRecover, planResolve, planSettle } from './plan-follow-up.ts';
import { planCreate, planMembers, planStep, planSubmit } from './plan-sending.ts';
import { planDiscardForwards, planDiscardDeadLetter, planKeep, planPoison, planPurge } from './plan-upkeep.ts';
import type { PlannedCall, Situation } from './planned-call.ts';

/**
 * The calls of the log that make up an operation, each with its answer. When a call is yielded, the model has already made it.
 * There are no calls when the log has nothing yet that the operation could be about.
 */
export function planOperation(situation: Situation, operation: Exclude<Operation, { type: 'read' | 'leave' }>): Iterable<PlannedCall> {
  switch (operation.type) {
    case 'create':
      return planCreate(situation, operation);
    case 'submit':
      return planSubmit(situation, operation);
    case 'step':
      return planStep(situation, operation);
    case 'callback':
      return planCallback(situation, operation);
    case 'external':
      return planExternal(situation, operation);
    case 'resend':
      return planResend(situation, operation);
    case 'members':
      return planMembers(situation, operation);
    case 'lapse':
      return planLapse(situation, operation);
    case 'reconcile':
      return planReconcile(situation, operation);
    case 'learn':
      return planLearn(situation, operation);
    case 'cancel':
      return planCancel(situation, operation);
    case 'resolve':
      return planResolve(situation, operation);
    case 'settle':
      return planSettle(situation, operation);
    case 'recover':
      return planRecover(situation);
    case 'keep':
      return planKeep(situation, operation);
    case 'discardDeadLetter':
      return planDiscardDeadLetter(situation, operation);
    case 'discardForwards':
      return planDiscardForwards(situation, operation);
    case 'purge':
      return planPurge(situation, operation);
    case 'poison':
      return planPoison(situation, operation);
  }
}
