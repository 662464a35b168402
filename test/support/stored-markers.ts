import { graphql, type GraphqlAnswer } from './stack.ts';

/** The numbers of all callbacks that no request has, by their comment `marker N.`; throws where one is stored twice. */
export async function storedMarkers(url: string): Promise<Set<number>> {
  const markers = new Set<number>();
  for (let after: string | null = null; ;) {
    const { data, errors }: GraphqlAnswer<Page> = await graphql(url, UNCLAIMED, { after });
    if (!data) throw new Error(JSON.stringify(errors));
    for (const { comment } of data.unclaimedCallbacks.nodes) {
      const marker = Number(/\d+/.exec(comment)?.[0]);
      if (markers.has(marker)) throw new Error(`marker ${marker} is stored twice`);
      markers.add(marker);
    }
    if (!data.unclaimedCallbacks.pageInfo.hasNextPage) return markers;
    after = data.unclaimedCallbacks.pageInfo.endCursor;
  }
}

const UNCLAIMED = `query ($after: Cursor) { unclaimedCallbacks(first: 1000, after: $after) {
  nodes { comment } pageInfo { hasNextPage endCursor } } }`;

interface Page {
  readonly unclaimedCallbacks: {
    readonly nodes: readonly { readonly comment: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}
