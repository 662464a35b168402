/** Answers the commands of the benchmark in a child process. The preload answers `probe`. */
export function serveCommands(commands: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', (message) => {
    const { id, command, argument } = message as { id: number; command: string; argument: never };
    const run = commands[command];
    if (!run) return;
    Promise.resolve()
      .then(() => run(argument))
      .then(
        (value) => process.send?.({ id, value }),
        (error: unknown) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.once('SIGTERM', () => process.exit(0));
  process.channel?.ref();
}
