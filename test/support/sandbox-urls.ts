export interface SandboxUrls {
  readonly graphql: string;
  readonly websocket: string;
  readonly metrics: string;
  readonly simulator: string;
  readonly simulatorAdmin: string;
  readonly store: string;
}

/** Reads the URLs out of what the sandbox has printed. */
export function sandboxUrls(said: string): SandboxUrls {
  const after = (label: string): string => new RegExp(`^ *${label} +(\\S+)`, 'm').exec(said)?.[1] ?? `(no ${label})`;
  return {
    graphql: after('GraphiQL'),
    websocket: after('WebSocket'),
    metrics: after('Metrics'),
    simulator: after('Simulated API'),
    simulatorAdmin: after('Simulator admin'),
    store: after('Store'),
  };
}
