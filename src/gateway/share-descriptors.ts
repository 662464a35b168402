import { countFreeDescriptors } from '../lib/open-files.ts';

export type Listener = 'graphql' | 'callbacks' | 'admin';

/** No door is closed altogether. With so few descriptors the start fails elsewhere, and says why. */
const LEAST = 4;

/**
 * The most connections that each door may have. So strangers at one door cannot use up what the others need. A quarter is kept back
 * for the store, for backups and for the connections to the carrier.
 *
 * @param listening how many sockets all doors are going to listen with.
 */
export function shareDescriptors(listening: number, free = countFreeDescriptors()): Readonly<Record<Listener, number>> {
  const share = (part: number) => Math.max(LEAST, Math.floor((free - listening) * part));
  return { graphql: share(0.35), callbacks: share(0.35), admin: share(0.05) };
}
