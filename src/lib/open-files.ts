import { readdirSync, readFileSync } from 'node:fs';

/** How many more files, sockets among them, this process may open. Infinity where the system does not tell, or has no limit. */
export function countFreeDescriptors(): number {
  try {
    const [, most] = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    if (most === undefined || most === 'unlimited') return Infinity;
    return Number(most) - readdirSync('/proc/self/fd').length;
  } catch {
    return Infinity;
  }
}
