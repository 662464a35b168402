import { startSandbox, type Sandbox } from '../../scripts/sandbox/start-sandbox.ts';

/** The sandbox in this process, on free ports, with a carrier that answers fast. */
export function openSandbox(): Promise<Sandbox> {
  return startSandbox(
    {
      graphqlPort: 0,
      callbackPort: 0,
      adminPort: 0,
      simulatorPort: 0,
      simulatorAdminPort: 0,
      dataFolder: null,
      delayMs: [0, 20],
      origins: [],
      hosts: [],
      overdueAfterMs: null,
    },
    (error) => {
      throw error;
    },
  );
}
