import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { IMAGE_ENV } from './support/image-env.ts';
import { DEPLOY_FILES, readFile, readYaml } from './support/deploy-files.ts';
import { makeSecrets, withSecretsAt } from './support/made-secrets.ts';
import type { ConfigMap, DisruptionBudget, Manifest, NetworkPolicy, Probe, Service, StatefulSet } from './support/manifest.ts';

const manifests = DEPLOY_FILES.filter((file) => file.startsWith('deploy/kubernetes/')).flatMap((file) => readYaml<Manifest>(file));
const all = <Kind extends Manifest>(kind: Kind['kind']) => manifests.filter((manifest): manifest is Kind => manifest.kind === kind);
const [set] = all<StatefulSet>('StatefulSet');
const [config] = all<ConfigMap>('ConfigMap');
const [policy] = all<NetworkPolicy>('NetworkPolicy');
const [budget] = all<DisruptionBudget>('PodDisruptionBudget');
const services = all<Service>('Service');
const pod = set?.spec.template.spec;
const container = pod?.containers[0];
if (!set || !config || !policy || !budget || !pod || !container) throw new Error('A manifest is missing.');
const named = { 'app.kubernetes.io/name': 'm2m-gateway' };
const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));

test('all are in one namespace, and choose the pod by the labels it has', () => {
  for (const { kind, metadata } of manifests) expect(kind === 'Namespace' ? metadata.name : metadata.namespace, kind).toBe('m2m-gateway');
  expect(set.spec.template.metadata.labels).toEqual(named);
  const selectors = [set.spec.selector, policy.spec.podSelector, budget.spec.selector].map(
    (each) => (each as { matchLabels: object }).matchLabels,
  );
  expect([...selectors, ...services.map(({ spec }) => spec.selector)]).toEqual(Array.from({ length: 6 }, () => named));
});

test('three gateways: each pod comes back to its own journal, no two have one, and one at a time may be away', () => {
  expect(set.spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate' } });
  expect(set.spec.volumeClaimTemplates.map(({ metadata, spec }) => [metadata.name, spec.accessModes])).toEqual([
    ['journal', ['ReadWriteOncePod']],
  ]);
  expect(set.spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  expect(budget.spec).toMatchObject({ maxUnavailable: 1 });
  // Each pod that goes would leave a journal behind.
  expect(manifests.map(({ kind }) => kind)).not.toContain('HorizontalPodAutoscaler');
  expect(pod.topologySpreadConstraints.map(({ labelSelector }) => labelSelector)).toEqual(
    pod.topologySpreadConstraints.map(() => ({ matchLabels: named })),
  );
});

test('the journal is on the volume of the pod, and the gateway reaches its database', async () => {
  const [settings] = await settingsOfPod();
  expect(settings.storeUrl).toMatch(/^postgres:/);
  expect(settings.storeJournalPath).toBe('/data/journal.sqlite');
  const ports = policy.spec.egress.flatMap(({ ports: open }) => open.map(({ port }) => port));
  expect(ports).toContain(Number(new URL(settings.storeUrl ?? '').port));
});

test('a pod that is not ready gets no callbacks, and Prometheus asks it all the same', () => {
  const all = services.map(({ metadata, spec }) => [metadata.name, spec.publishNotReadyAddresses ?? false, spec.clusterIP ?? null]);
  expect(all).toEqual([
    ['m2m-gateway-graphql', false, null],
    ['m2m-gateway-callbacks', false, null],
    ['m2m-gateway-admin', true, 'None'],
  ]);
});

test('each listener has a Service, and every port is that of the gateway', async () => {
  const [settings] = await settingsOfPod();
  expect(ports).toEqual({ graphql: settings.graphqlPort, callbacks: settings.callbackPort, admin: settings.adminPort });
  expect(services.map(({ spec }) => spec.ports.map(({ port, targetPort }) => [targetPort, port])).flat()).toEqual(Object.entries(ports));
  expect(services.map(({ metadata }) => metadata.name)).toContain(set.spec.serviceName);
  for (const { spec } of [policy])
    for (const { ports: open } of spec.ingress) for (const { port } of open) expect(Object.keys(ports)).toContain(port);
});

test('the proxy reaches GraphQL and callbacks, Prometheus the admin listener, and nobody else reaches any', () => {
  const rules = policy.spec.ingress.map(({ from, ports: open }) => ({
    from: from.map(({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/name']),
    to: open.map(({ port }) => port),
  }));
  expect(rules).toEqual([
    { from: ['ingress-nginx'], to: ['graphql', 'callbacks'] },
    { from: ['prometheus'], to: ['admin'] },
  ]);
  expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
});

test('probes ask the paths of docs/operations.md, and a start and a stop have their time', () => {
  const asks = (probe: Probe) => [probe.httpGet.path, probe.httpGet.port];
  expect([container.startupProbe, container.readinessProbe, container.livenessProbe].map(asks)).toEqual([
    ['/health/live', 'admin'],
    ['/health/ready/callbacks', 'admin'],
    ['/health/live', 'admin'],
  ]);
  const operations = readFile('docs/operations.md');
  for (const path of ['/health/live', '/health/ready/callbacks']) expect(operations).toContain(`\`${path}\``);
  expect(container.startupProbe.periodSeconds * container.startupProbe.failureThreshold).toBeGreaterThanOrEqual(300);
  // The listener that answers closes before the store does. A stop must not look like a process that hangs.
  expect(container.livenessProbe.periodSeconds * container.livenessProbe.failureThreshold).toBeGreaterThan(
    pod.terminationGracePeriodSeconds,
  );
  const [command, seconds] = container.lifecycle.preStop.exec.command;
  expect(command).toBe('sleep');
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(seconds) + 25);
});

test('the pod has no right that it does not need', () => {
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    fsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(container.resources).toMatchObject({ requests: { memory: expect.any(String) }, limits: { memory: expect.any(String) } });
});

test('its environment, with the secrets that are made, is a configuration; Kubernetes adds no variable to it', async () => {
  const [settings, secrets] = await settingsOfPod();
  expect(settings).toMatchObject({
    auth: true,
    adminHost: '0.0.0.0',
    graphqlHost: '0.0.0.0',
    callbackHost: '0.0.0.0',
    callbackProxyHops: 1,
  });
  expect(pod.enableServiceLinks).toBe(false);
  // The command of docs/deploy.md makes the Secret of these files.
  const page = readFile('docs/deploy.md');
  expect(new Set([...page.matchAll(/--from-file=deploy\/secrets\/([\w-]+)/g)].map(([, name]) => name))).toEqual(new Set(secrets));
  expect(pod.volumes.find(({ name }) => name === 'secrets')?.secret?.secretName).toBe('m2m-gateway');
  expect(page).toContain('create secret generic m2m-gateway ');
  const mounts = Object.fromEntries(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
  expect(mounts).toEqual({ journal: '/data', secrets: '/run/secrets/m2m' });
});

/** What the gateway of the pod reads, and the secrets that it names. */
async function settingsOfPod() {
  await using folder = await tempFolder();
  makeSecrets(folder.path);
  const own = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  expect([...Object.values(config?.data ?? {}), ...Object.values(own)].filter((value) => typeof value !== 'string')).toEqual([]);
  const settings = readConfig(withSecretsAt(folder.path, '/run/secrets/m2m', { ...IMAGE_ENV, ...config?.data, ...own }));
  const secrets = Object.values(own).flatMap((value) =>
    value.startsWith('/run/secrets/m2m/') ? [value.slice('/run/secrets/m2m/'.length)] : [],
  );
  return [settings, secrets] as const;
}
