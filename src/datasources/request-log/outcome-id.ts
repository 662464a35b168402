/** `out_<ulid of the Request>_<index>`: names one device of one Request for as long as the Request is kept. */
export function outcomeId(requestId: string, index: number): string {
  return `out_${requestId.slice('req_'.length)}_${index}`;
}

export function parseOutcomeId(id: string): { readonly requestId: string; readonly index: number } | null {
  const match = /^out_([0-9A-HJKMNP-TV-Z]{26})_(\d{1,9})$/.exec(id);
  return match ? { requestId: `req_${match[1]}`, index: Number(match[2]) } : null;
}
