import type { PlainLog } from './plain-log.ts';
import { isEnded } from './plain-request.ts';

/** One step: it deletes hidden Requests first, then hides the next ones, then deletes messages of no Request. */
export function plainPurgeStep(log: PlainLog, before: number): boolean {
  if (log.hidden > 0) {
    log.hidden = 0;
    return false;
  }
  const over = log.requests.filter((request) => isEnded(request) && (request.completedAt ?? before) < before);
  log.hidden = over.length;
  log.requests = log.requests.filter((request) => !over.includes(request));
  const guids = over.flatMap(({ parts }) => parts.flatMap(({ guid }) => guid ?? []));
  log.purged.push(...guids);
  log.sent = log.sent.filter(({ guid }) => guid === null || !guids.includes(guid));
  if (over.length > 0) return false;
  for (const list of ['unclaimed', 'kept'] as const) {
    const young = (log[list] as { readonly receivedAt: number }[]).filter(({ receivedAt }) => receivedAt >= before);
    if (young.length === log[list].length) continue;
    Object.assign(log, { [list]: young });
    return false;
  }
  return true;
}
