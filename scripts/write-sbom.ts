import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes what the gateway consists of at run time: `dist/sbom.json` (CycloneDX) and `dist/licences.txt`. Both come from the
 * lockfile alone, so nothing is asked over the network.
 */
const FOLDER = 'dist';
/** Not with `--omit dev`: that also leaves out what the gateway and a tool both need, for instance graphql. */
const SBOM = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];

interface Sbom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const { status, stdout, stderr } = spawnSync('npm', SBOM, { encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
if (status !== 0) throw new Error(`npm ${SBOM.join(' ')} failed:\n${stderr}`);
const all = JSON.parse(stdout) as Sbom;
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly license?: string; readonly dev?: boolean }>>;
};
const licences = new Map(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '', license = 'UNKNOWN' }]) => [`${path.replace(/^.*node_modules\//, '')}@${version}`, license]),
);
const isShipped = (reference: string) => licences.has(reference) || reference === all.metadata.component['bom-ref'];
const components = all.components.filter((component) => isShipped(component['bom-ref']));
const missing = [...licences.keys()].filter((name) => !components.some((component) => component['bom-ref'] === name));
if (missing.length > 0) throw new Error(`npm sbom does not tell of ${missing.join(', ')}.`);
const dependencies = all.dependencies
  .filter(({ ref }) => isShipped(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isShipped) }));
mkdirSync(FOLDER, { recursive: true });
writeFileSync(`${FOLDER}/sbom.json`, `${JSON.stringify({ ...all, components, dependencies }, null, 2)}\n`);
writeFileSync(`${FOLDER}/licences.txt`, [...licences].map(([name, licence]) => `${name} ${licence}\n`).join(''));
process.stdout.write(`${FOLDER}/sbom.json and ${FOLDER}/licences.txt tell of ${licences.size} packages.\n`);
