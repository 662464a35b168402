// Plain JavaScript, loaded before anything else (`node --import ./require-node.js`): an older Node would fail on the first
// TypeScript file with an error that does not say what to do.
const NEEDED = [24, 15];

/** What to tell the user of this Node version; null when it is new enough. */
export function explainVersion(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return null;
  return (
    `This needs Node ${NEEDED.join('.')} or newer and runs on ${version}. npm ci puts a fitting Node beside the project, and npm's scripts ` +
    'use it: start with npm (npm start, npm run demo, npm test). If you did, the package of Node is missing, because optional ' +
    'dependencies were left out or there is none for this platform: install Node 24 yourself.'
  );
}

const complaint = explainVersion(process.versions.node);
if (complaint !== null) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}
