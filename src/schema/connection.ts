import type { ObjectRef } from '@pothos/core';
import { GatewayError } from '../errors.ts';
import { builder } from './builder.ts';
import { PageInfo } from './node.ts';
import { OPEN, OWNED } from './rules.ts';

export interface Connection<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
  readonly cursorOf: (row: Row) => string;
}

const PAGE = 100;
const MAX_PAGE = 1000;

/** A Relay connection over `noun`, read forward. */
export function connectionOf<Row>(name: string, noun: string, node: ObjectRef<typeof builder.$inferSchemaTypes, Row>) {
  const edge = builder.objectRef<{ row: Row; cursor: string }>(`${name}Edge`).implement({
    extensions: OWNED,
    description: `One ${noun} of a page.`,
    fields: (t) => ({
      node: t.field({ type: node, description: `The ${noun}.`, resolve: ({ row }) => row as never }),
      cursor: t.exposeString('cursor', { description: 'Pass as `after` to read on from here.' }),
    }),
  });
  return builder.objectRef<Connection<Row>>(`${name}Connection`).implement({
    extensions: OWNED,
    description: `A page of ${noun}s.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The page, with a cursor for each.',
        resolve: ({ rows, cursorOf }) => rows.map((row) => ({ row, cursor: cursorOf(row) })),
      }),
      nodes: t.field({ type: [node], description: 'The page, without cursors.', resolve: ({ rows }) => rows as never }),
      pageInfo: t.field({
        extensions: OPEN,
        type: PageInfo,
        description: 'Where this page ends.',
        resolve: ({ rows, hasMore, cursorOf }) => {
          const last = rows.at(-1);
          return { hasNextPage: hasMore, endCursor: last === undefined ? null : cursorOf(last) };
        },
      }),
    }),
  });
}

/** @throws GatewayError BAD_USER_INPUT when `first` is not between 1 and 1,000; 100 when absent. */
export function pageSize(first: number | null | undefined): number {
  if (first === null || first === undefined) return PAGE;
  if (first < 1 || first > MAX_PAGE) throw new GatewayError('BAD_USER_INPUT', `\`first\` must be between 1 and ${MAX_PAGE}.`);
  return first;
}

/** @throws GatewayError CURSOR_INVALID when `after` does not have the form of an `endCursor` of `connection`. */
export function pageCursor(connection: string, form: RegExp, after: string | null | undefined): string | null {
  if (after === null || after === undefined) return null;
  if (!form.test(after))
    throw new GatewayError('CURSOR_INVALID', `This \`after\` is not a cursor of \`${connection}\`: pass an \`endCursor\` unchanged.`);
  return after;
}

export const FIRST_DESCRIPTION = `How many at most: 1 to ${MAX_PAGE}, ${PAGE} when left out.`;
export const AFTER_DESCRIPTION = 'Read on after this cursor (`endCursor` of the page before).';
