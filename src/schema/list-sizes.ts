import { getNullableType, isListType, type GraphQLArgument, type GraphQLField } from 'graphql';

/**
 * How many items a list may have. It stands beside the field (`extensions: atMost(100)`). The cost of an operation counts it before
 * anything runs, and no answer has more. A list that callers or a history can grow is a page of a connection, whose size the
 * caller says. A test fails and names every list without a size.
 *
 * - a number: the list is cut there.
 * - `PAGE`: as many as the page-size argument of the field above says.
 */
export type ListSize = number | 'PAGE';

export function atMost(items: number): { readonly listSize: ListSize } {
  return { listSize: items };
}

export const OF_PAGE = { listSize: 'PAGE' } as const satisfies { readonly listSize: ListSize };

/** The sizes that a page-size argument takes, and what it means when it is null or left out. It stands beside the argument. */
export interface PageSize {
  readonly fallback: number;
  readonly most: number;
}

export function pageSizes(fallback: number, most: number): { readonly pageSize: PageSize } {
  return { pageSize: { fallback, most } };
}

/** The size of a list. Null for a field that is no list, and for a list that has no size. */
export function listSizeOf({ type, extensions }: Pick<GraphQLField<unknown, unknown>, 'type' | 'extensions'>): ListSize | null {
  if (!isListType(getNullableType(type))) return null;
  const size = extensions['listSize'];
  return size === 'PAGE' || typeof size === 'number' ? size : null;
}

/** Null for an argument that is no page size. */
export function pageSizeOf({ extensions }: GraphQLArgument): PageSize | null {
  const sizes = extensions['pageSize'];
  return isPageSize(sizes) ? sizes : null;
}

function isPageSize(value: unknown): value is PageSize {
  return typeof value === 'object' && value !== null && 'fallback' in value && 'most' in value;
}
