import type { Store } from '../../src/datasources/request-log/store.ts';

const PARTS = [
  'requests',
  'outcomes',
  'sending',
  'intake',
  'unclaimed',
  'deadLetters',
  'followUp',
  'forwards',
  'audit',
  'facts',
  'upkeep',
  'health',
  'leases',
] as const satisfies readonly (keyof Store)[];

/** The methods of a store's parts on one object, so that a test can call any of them. */
export type FlatStore = Pick<Store, 'epoch' | 'isNew' | 'hub' | 'keys' | 'upkeep'> &
  AsyncDisposable &
  Omit<
    Store['requests'] &
      Store['outcomes'] &
      Store['sending'] &
      Store['intake'] &
      Store['unclaimed'] &
      Store['deadLetters'] &
      Store['followUp'] &
      Store['forwards'] &
      Store['audit'] &
      Store['facts'] &
      Store['upkeep'] &
      Store['health'] &
      Store['leases'],
    typeof Symbol.asyncDispose
  >;

export function flatten(store: Store): FlatStore {
  const { epoch, isNew, hub, keys, upkeep } = store;
  const methods = PARTS.flatMap((part) => {
    const methodsOf: object = store[part];
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(methodsOf)).filter((name) => name !== 'constructor');
    return names.map((name) => [name, (Reflect.get(methodsOf, name) as () => unknown).bind(methodsOf)] as const);
  });
  const dispose = () => store[Symbol.asyncDispose]();
  const flat: object = Object.fromEntries(methods);
  return Object.assign(flat, { epoch, isNew, hub, keys, upkeep, [Symbol.asyncDispose]: dispose }) as FlatStore;
}

/** A store whose parts are all this one object, for code under test that asks for parts. */
export function storeOf(flat: FlatStore): Store {
  const parts = Object.fromEntries(PARTS.map((part) => [part, flat])) as unknown as Omit<Store, 'epoch' | 'isNew' | 'hub' | 'keys'>;
  const { epoch, isNew, hub, keys, upkeep } = flat;
  return { ...parts, epoch, isNew, hub, keys, upkeep, [Symbol.asyncDispose]: () => flat[Symbol.asyncDispose]() };
}
