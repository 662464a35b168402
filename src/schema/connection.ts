import type { ObjectRef } from '@pothos/core';
import type { Page } from '../datasources/request-log/stored-request.ts';
import { GatewayError } from '../errors.ts';
import { builder } from './builder.ts';
import { OF_PAGE, pageSizes } from './list-sizes.ts';
import { cursorAt, readCursor } from '../resolvers/requests/cursor.ts';
import { PageInfo } from './node.ts';
import { OPEN, OWNED } from './rules.ts';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

/**
 * Declares a Relay connection over `noun`. It is read forward.
 *
 * @param at the place of the list that a row stands in, and its position there, as `cursorAt` takes them.
 */
export function connectionOf<Row, Of extends Page<Row> = Page<Row>>(
  name: string,
  noun: string,
  node: ObjectRef<typeof builder.$inferSchemaTypes, Row>,
  at: (row: Row) => readonly [place: string, position: number | string],
) {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  const edge = builder.objectRef<{ row: Row }>(`${name}Edge`).implement({
    extensions: OWNED,
    description: `One ${noun} of a page, with its cursor.`,
    fields: (t) => ({
      node: t.field({ type: node, description: `The ${noun}.`, resolve: ({ row }) => row as never }),
      cursor: t.field({
        type: 'Cursor',
        description: 'Pass it as `after` to read on behind this one.',
        resolve: ({ row }, _args, { store }) => cursorAt(...at(row), store.epoch),
      }),
    }),
  });
  return builder.objectRef<Of>(`${name}Connection`).implement({
    extensions: OWNED,
    description: `A page of ${plural}.`,
    fields: (t) => ({
      edges: t.field({
        extensions: OF_PAGE,
        type: [edge],
        description: `The ${plural} of the page, each with its cursor.`,
        resolve: ({ rows }) => rows.map((row) => ({ row })),
      }),
      nodes: t.field({
        extensions: OF_PAGE,
        type: [node],
        description: `The ${plural} of the page.`,
        resolve: ({ rows }) => rows as never,
      }),
      pageInfo: t.field({
        extensions: OPEN,
        type: PageInfo,
        description: 'Where this page ends, and whether there is another one.',
        resolve: ({ rows, hasMore }, _args, { store }) => {
          const last = rows.at(-1);
          return { hasNextPage: hasMore, endCursor: last === undefined ? null : cursorAt(...at(last), store.epoch) };
        },
      }),
    }),
  });
}

/** The arguments of a page: how many rows, and behind which. */
export function pageArgs(fallback = DEFAULT_PAGE_SIZE, most = MAX_PAGE_SIZE) {
  return builder.args((t) => ({
    first: t.int({
      extensions: pageSizes(fallback, most),
      required: false,
      description: `How many to return at most: 1 to ${most}. Default: ${fallback}.`,
    }),
    after: t.field({
      type: 'Cursor',
      required: false,
      description: 'Read on behind this cursor: the `endCursor` of the page before. Default: the first page.',
    }),
  }));
}

export const PAGE_ARGS = pageArgs();

/** The arguments of a list over accounts. */
export function listArgs(nouns: string, right: 'read' | 'administer') {
  const description = `Only ${nouns} of this billing account. Default: all accounts that you may ${right}.`;
  return { ...builder.args((t) => ({ accountName: t.string({ required: false, description }) })), ...PAGE_ARGS };
}

/** @throws GatewayError BAD_USER_INPUT when `first` is not between 1 and `most` */
export function pageSize(first: number | null | undefined, fallback = DEFAULT_PAGE_SIZE, most = MAX_PAGE_SIZE): number {
  if (first === null || first === undefined) return fallback;
  if (first < 1 || first > most) throw new GatewayError('BAD_USER_INPUT', `\`first\` must be between 1 and ${most}.`);
  return first;
}

/** @throws GatewayError CURSOR_INVALID, CURSOR_EXPIRED */
export function pageCursor(place: string, after: string | null | undefined, { epoch }: { readonly epoch: string }): string | null {
  return after === null || after === undefined ? null : readCursor(after, place, epoch);
}
