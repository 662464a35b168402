import nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

// Plain JavaScript, loaded before anything else (`node --import ./require-node.js`): an older Node would fail on the first
// TypeScript file with an error that does not say what to do. So nothing is imported by a name that an older Node does not have.
// Below 24.22.1, Brotli bytes of strangers can write past the end of a buffer (CVE-2026-111497).
const NEEDED = [24, 22, 1];

/** What to tell the user of this Node version; null when it is new enough. */
export function explainVersion(version) {
  const parts = version.split('.').map(Number);
  const different = NEEDED.findIndex((needed, at) => parts[at] !== needed);
  if (different === -1 || parts[different] > NEEDED[different]) return null;
  return (
    `This needs Node ${NEEDED.join('.')} or newer and runs on ${version}. npm installs a fitting Node beside it, which npm's commands use: start ` +
    'it with npm (npm start, npm run demo, npm test), or where it is installed as a package, with npx (npx m2m-gateway start). If you did, ' +
    'the package of Node is missing, because optional dependencies were left out or there is none for this platform: install Node 24 yourself.'
  );
}

const complaint = explainVersion(process.versions.node);
if (complaint !== null) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}

// A start compiles its modules once: measured, 1.3 instead of 1.8 s. Where the folder cannot be written, each start compiles them anew.
nodeModule.enableCompileCache(fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)));
