import { unkindnesses } from '../../simulator/unkind/unkindnesses.ts';
import type { Sandbox } from './start-sandbox.ts';

/** Tells a front-end team how to use a running sandbox. */
export function describeSandbox({ simulator, gateway, data }: Sandbox): string {
  const { graphql, websocket, admin } = gateway.urls;
  const lines = [
    'The gateway, against a simulated carrier: no device is touched, nothing is billed.',
    '',
    `  GraphiQL          ${graphql}   (in a browser)`,
    `  HTTP and SSE      ${graphql}`,
    `  WebSocket         ${websocket}   (graphql-transport-ws)`,
    `  Metrics           ${admin}/metrics`,
    `  Simulated API     ${simulator.url}`,
    `  Simulator admin   ${simulator.adminUrl ?? ''}   (devices, faults on demand)`,
    `  Store             ${data.folder}   (${data.kept ? 'kept' : 'removed at the end'})`,
    `  Accounts          ${simulator.accounts.join('  ')}`,
    '',
    '  The last four digits of an ICCID choose what becomes of a device; with any others it succeeds:',
    ...unkindnesses.map(({ suffix, description }) => `    ${suffix}  ${description}`),
    '',
    'It has no authentication and is bound to loopback: only programs on this machine reach it.',
    'Ready. Ctrl-C ends it.',
  ];
  return `${lines.join('\n')}\n`;
}
