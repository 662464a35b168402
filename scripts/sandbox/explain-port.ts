import { portFlags, type SandboxOptions } from './read-sandbox-flags.ts';

/** Names the flag of a port that cannot be taken, in a sentence. Null for any other error. */
export function explainPort(error: unknown, options: SandboxOptions): string | null {
  const fault = [error, error instanceof Error ? error.cause : undefined].find(isPortFault);
  const name = (Object.keys(portFlags) as (keyof typeof portFlags)[]).find((key) => options[key] === fault?.port);
  if (!fault || !name) return null;
  const why = fault.code === 'EADDRINUSE' ? 'is in use' : 'cannot be taken';
  return `Port ${fault.port} ${why}. Choose another with --${portFlags[name]}, or take any free one: npm run sandbox -- --${portFlags[name]} 0`;
}

interface PortFault extends Error {
  readonly code: string;
  readonly port: number;
}

function isPortFault(error: unknown): error is PortFault {
  return error instanceof Error && 'port' in error && 'syscall' in error && error.syscall === 'listen';
}
