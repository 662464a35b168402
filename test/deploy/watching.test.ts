import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFile, readYaml, ROOT } from './support/deploy-files.ts';
import { knownMetrics, metricsOf } from './support/metric-uses.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const alerts = readYaml<{ groups: { rules: Alert[] }[] }>('deploy/prometheus/alerts.yaml').flatMap(({ groups }) =>
  groups.flatMap(({ rules }) => rules),
);
const dashboard = JSON.parse(readFile('deploy/grafana/dashboard.json')) as {
  panels: Panel[];
  templating: { list: { query: string }[] };
};
const graphs = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ ...target, name: title })));
const rules = alerts.map(({ alert: name, expr }) => ({ name, expr, legendFormat: '' }));
const metrics = knownMetrics();
/** Statuses of requests are words of the graph, and those of callbacks are of HTTP. */
const statuses = [...(/enum RequestStatus \{([^}]*)\}/.exec(readFile('schema.graphql'))?.[1]?.matchAll(/^ {2}([A-Z_]+)$/gm) ?? [])].map(
  ([, word = '']) => word,
);

test.each([...rules, ...graphs])(
  '$name reads metrics that there are, by labels and values that they have: $expr',
  ({ name, expr, legendFormat }) => {
    for (const use of metricsOf(expr)) {
      const part = /_(?:bucket|sum|count)$/;
      const metric = metrics.get(use.name) ?? metrics.get(use.name.replace(part, ''));
      expect(metric, `${name}: ${use.name}`).toBeDefined();
      if (!metric) continue;
      if (!metrics.has(use.name)) expect(metric.type, `${use.name} is a histogram`).toBe('histogram');
      expect(metric.labels, `${name}: ${use.name}`).toEqual(expect.arrayContaining([...use.labels]));
      for (const [label, value] of use.values)
        expect(
          new RegExp(`\\b${value}\\b`).test(metric.help) || statuses.includes(value) || (label === 'status' && /^[45]\d\d$/.test(value)),
          `${label}="${value}"`,
        ).toBe(true);
      // Of a counter its growth is read, and of nothing else.
      if (name !== 'Devices that are silent' && metric.type === 'counter') expect(expr).toMatch(/rate\(|increase\(/);
    }
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    for (const label of shown) expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
  },
);

test('each alert has a name of its own, a level, and says what to do and where a document says more', () => {
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  for (const { alert, labels, annotations } of alerts) {
    expect(alert).toMatch(/^M2m[A-Z]\w+$/);
    expect(['critical', 'warning'], alert).toContain(labels.severity);
    expect(annotations.summary.length, alert).toBeGreaterThan(20);
    expect(annotations.description.length, alert).toBeGreaterThan(20);
    const [file = '', heading = ''] = annotations.runbook.split('#');
    expect(existsSync(join(ROOT, file)), `${alert}: ${file}`).toBe(true);
    expect(headingsOf(file), `${alert}: ${annotations.runbook}`).toContain(heading);
  }
});

test('what an operator must act on has an alert', () => {
  const watched = new Set(alerts.flatMap(({ expr }) => metricsOf(expr).map(({ name }) => name)));
  for (const name of [
    'm2m_ready',
    'm2m_carrier_login_latched',
    'm2m_store_disk_low',
    'm2m_callbacks_refused_total',
    'm2m_callbacks_kept',
    'm2m_devices_overdue',
    'm2m_callback_listeners_lost',
    'm2m_event_loop_lag_seconds',
    'm2m_forward_oldest_seconds',
    'm2m_send_queue_requests',
    'm2m_journal_messages',
    'm2m_journal_stuck',
  ])
    expect(watched).toContain(name);
});

/** Gauges that every gateway reads from the store that all have. */
const OF_THE_STORE = new Set([
  'm2m_callback_listeners_checked_timestamp_seconds',
  'm2m_callback_listeners_lost',
  'm2m_callbacks_kept',
  'm2m_callbacks_unclaimed',
  'm2m_carrier_login_latched',
  'm2m_devices_overdue',
  'm2m_forward_backlog',
  'm2m_forward_oldest_seconds',
  'm2m_requests_open',
  'm2m_store_bytes',
  'm2m_store_last_backup_timestamp_seconds',
  'm2m_store_last_purge_timestamp_seconds',
]);

test('what is the same at all gateways is not summed over them, and fires one alert', () => {
  for (const { name, expr } of [...rules, ...graphs]) {
    const summed = [...expr.matchAll(/\bsum(?: by \([^)]*\))? ?\((m2m_\w+)/g)].map(([, metric = '']) => metric);
    // Whether there is any at all may be asked of the sum.
    expect(
      summed.filter((metric) => OF_THE_STORE.has(metric) && !expr.includes(`unless sum by (job) (${metric}`)),
      name,
    ).toEqual([]);
  }
  for (const { name, expr } of rules.filter((rule) => metricsOf(rule.expr).some((use) => OF_THE_STORE.has(use.name))))
    expect(expr, name).toMatch(/\bmax by \(job\b/);
  for (const metric of OF_THE_STORE) expect(metrics.has(metric), metric).toBe(true);
});

test('nothing is made of the disk and the backups of a database that nobody sees from here', () => {
  const uses = [...rules, ...graphs].filter(({ expr }) => expr.includes('m2m_store_last_backup'));
  expect(uses.map(({ name }) => name)).toEqual(['M2mBackupOld', 'Since the last backup']);
  // What PostgresUpkeep.disk says is above it, and no disk is.
  expect(Number.MAX_SAFE_INTEGER).toBeGreaterThan(9e15);
  for (const { expr } of uses) expect(expr).toMatch(/ unless m2m_store_disk_free_bytes(?:\{[^}]*\})? > 9e15\)/);
});

test('the job that the alerts name is that of the configuration beside them', () => {
  const [config] = readYaml<{ rule_files: string[]; scrape_configs: { job_name: string }[] }>('deploy/prometheus/prometheus.yaml');
  expect(config?.rule_files).toEqual(['alerts.yaml']);
  const jobs = alerts.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]*)"/g)].map(([, job]) => job));
  expect(new Set(jobs)).toEqual(new Set(config?.scrape_configs.map(({ job_name: job }) => job)));
});

test('the dashboard has panels of Grafana alone, none on another, each with a title and what it shows', () => {
  expect(new Set(dashboard.panels.map(({ type }) => type))).toEqual(new Set(['row', 'stat', 'timeseries']));
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { type, title, description } of dashboard.panels) {
    expect(title).not.toBe('');
    if (type !== 'row') expect(description, title).toMatch(/\.$/);
  }
  const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
    Array.from({ length: h * w }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24);
  for (const { query } of dashboard.templating.list)
    for (const [name = ''] of query.matchAll(/m2m_\w+/g)) expect(metrics.has(name), name).toBe(true);
});

function headingsOf(file: string): string[] {
  return readFile(file)
    .split('\n')
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
}
