/** What node:sqlite of this project needs; the project brings its own Node 24, which npm's scripts use. */
const NEEDED = [24, 15] as const;

/** Ends the process with a sentence instead of a strange error on an older Node. */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  process.stderr.write(
    `This needs Node ${NEEDED.join('.')} or newer, and runs on ${version}. Start it with npm (npm start, npm run demo, npm test): npm ci installs a fitting Node beside the project, unless optional dependencies were left out or the platform has none; then install Node 24 yourself.\n`,
  );
  process.exit(1);
}
