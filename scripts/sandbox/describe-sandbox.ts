import { unkindnesses } from '../../simulator/unkind/unkindnesses.ts';
import type { SandboxOptions } from './read-sandbox-flags.ts';
import type { Sandbox } from './start-sandbox.ts';

/** Tells a front-end team how to use a running sandbox. */
export function describeSandbox({ simulator, gateway, data }: Sandbox, { origins, hosts }: SandboxOptions): string {
  const { graphql, websocket, admin } = gateway.urls;
  const lines = [
    'The gateway, against a simulated carrier: no device is touched, nothing is billed.',
    'Pages of this machine may call it, on any port, also through a development proxy or from an emulator.',
    'Other pages: --origin <origin>. Other names: --host <name>. Silent devices sooner: --overdue-after <seconds>.',
    ...(origins.length + hosts.length > 0 ? [`Taken too: ${[...origins, ...hosts].join('  ')}`] : []),
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
    ...unkindnesses.filter(({ about }) => about === 'device').map(({ suffix, description }) => `    ${suffix}  ${description}`),
    '  How the carrier writes can be unkind, too: npm run simulator -- --help',
    '',
    'It has no authentication and is bound to loopback: only programs on this machine reach it.',
    'Ready. Ctrl-C ends it.',
  ];
  return `${lines.join('\n')}\n`;
}
