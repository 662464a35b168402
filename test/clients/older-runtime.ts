/** Takes away what Node 20, Safari 16 or React Native does not have. A client process loads it before everything else. Node itself needs the rest. */
const without = (owner: object | undefined, ...names: readonly string[]) => {
  for (const name of names) if (owner) Reflect.deleteProperty(owner, name);
};

const iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;
without(Promise, 'withResolvers', 'try');
without(Object, 'groupBy');
without(Map, 'groupBy');
without(Array, 'fromAsync');
without(Set.prototype, 'union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom');
without(iterator, 'map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find');
without(RegExp, 'escape');
without(Error, 'isError');
without(Uint8Array, 'fromBase64', 'fromHex');
without(AbortSignal, 'any', 'timeout');
without(globalThis, 'Iterator', 'DisposableStack', 'AsyncDisposableStack', 'SuppressedError', 'Float16Array', 'navigator');
