/** Works through the items in order, so many at a time: all at once would be refused as overload. */
export async function someAtATime<Item>(count: number, items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  const left = Iterator.from(items);
  const one = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: count }, one));
}
