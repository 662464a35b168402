import type * as rows from '../sqlite-rows.ts';

export type RequestRow = Pick<
  rows.RequestRow,
  'pk' | 'id' | 'status' | 'total' | 'totalIsEstimate' | 'counts' | 'lastSeq' | 'completedAt'
> & { readonly indexedSeq: number };

export type LogRow = Omit<rows.EventRow, 'at' | 'contradicted' | 'callbackCount'> & {
  readonly digest: Uint8Array | null;
};
