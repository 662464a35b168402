import type { openGraphqlDoors } from './graphql-doors.ts';

type Doors = Awaited<ReturnType<typeof openGraphqlDoors>>;

/** What the GraphQL doors hold for clients at this moment. All of it is 0 when nobody is there. */
export async function openForClients({ metrics, outgoing, scheduler }: Pick<Doors, 'metrics' | 'outgoing' | 'scheduler'>) {
  const sum = async (gauge: { get(): Promise<{ readonly values: readonly { readonly value: number }[] }> }) =>
    (await gauge.get()).values.reduce((total, { value }) => total + value, 0);
  return {
    subscriptions: await sum(metrics.subscriptions),
    sockets: await sum(metrics.sockets),
    connections: await sum(metrics.connections),
    outgoingBytes: outgoing.total,
    turns: scheduler.waiting,
  };
}

export const NOTHING_OPEN = { subscriptions: 0, sockets: 0, connections: 0, outgoingBytes: 0, turns: 0 };
