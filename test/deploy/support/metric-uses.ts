import { createMetrics } from '../../../src/metrics.ts';

/** Every metric of the gateway with its labels and its help. */
export function knownMetrics(): ReadonlyMap<string, { readonly labels: readonly string[]; readonly help: string; readonly type: string }> {
  const { registry, ...metrics } = createMetrics();
  // Some are made with what they ask for their value.
  for (const metric of Object.values(metrics)) if (typeof metric === 'function') metric(() => 0);
  const all = registry.getMetricsAsArray() as unknown as { name: string; help: string; labelNames?: string[]; type?: string }[];
  return new Map(
    all.map(({ name, help, labelNames = [], type = '' }) => [name, { labels: labelNames, help, type: typeOf(registry, name, type) }]),
  );
}

function typeOf(registry: ReturnType<typeof createMetrics>['registry'], name: string, type: string): string {
  return type === '' ? (registry.getSingleMetric(name)?.constructor.name.toLowerCase() ?? '') : type;
}

export interface MetricUse {
  readonly name: string;
  /** Labels that it is chosen or grouped by. */
  readonly labels: readonly string[];
  /** Values that it is chosen by, of each label. */
  readonly values: readonly (readonly [label: string, value: string])[];
}

/** Labels that Prometheus itself gives. */
const OF_PROMETHEUS = new Set(['instance', 'job', 'le']);

/** What a PromQL expression reads of the gateway. A label of `by (…)` is taken to be one of every metric in the expression. */
export function metricsOf(expression: string): MetricUse[] {
  const grouped = [...expression.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim()));
  return [...expression.matchAll(/\b(m2m_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => {
    const chosen = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label = '', value = '']) => [label, value] as const,
    );
    const own = chosen.filter(([label]) => !OF_PROMETHEUS.has(label));
    const labels = new Set([...own.map(([label]) => label), ...grouped.filter((label) => !OF_PROMETHEUS.has(label))]);
    return { name, labels: [...labels], values: own.flatMap(([label, value]) => value.split('|').map((each) => [label, each] as const)) };
  });
}
