import type { AcceptedDamage } from '../../src/datasources/request-log/sqlite/write-ahead-log/accept-damage.ts';
import type { CopyReport } from '../../src/datasources/request-log/copy/copy-store.ts';
import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import type { Verification } from '../../src/datasources/request-log/verify/verification.ts';
import { renderTable } from '../support/command-line.ts';

export function renderBackup({ path, bytes, durationMs }: BackupReport): string {
  return `Backup written: ${path} (${formatSize(bytes)}, ${(durationMs / 1000).toFixed(1)} s)\n`;
}

export function renderPurge({ requests, messages }: PurgeReport): string {
  return `Purged: ${formatCount(requests, 'request')}, ${formatCount(messages, 'message')} that no request had\n`;
}

export function renderReseal({ rows, keyId }: ResealReport): string {
  return `Resealed: ${formatCount(rows, 'row')}; everything is sealed with key ${keyId}\n`;
}

export function renderVerification({ requests, events, faults, totalFaults, unread, missingKeys }: Verification): string {
  const notRead = `${formatCount(unread, 'sealed value')} not, for M2M_STORE_KEYS does not hold ${missingKeys.join(', ')}`;
  const read = `${formatCount(requests, 'request')}, ${formatCount(events, 'event')} read${unread === 0 ? '' : `; ${notRead}`}`;
  if (totalFaults === 0) return `No fault found: ${read}\n`;
  const rest = totalFaults - faults.length;
  const lines = [`${formatCount(totalFaults, 'fault')} found: ${read}`, ...faults, ...(rest > 0 ? [`… and ${rest} more`] : [])];
  return `${lines.join('\n')}\nRestore a backup that verifies well, and keep this store for whoever looks into it.\n`;
}

export function renderAcceptedDamage({ path, fault, kept }: AcceptedDamage): string {
  const log = kept === null ? '' : `The log is kept as ${kept}.\n`;
  return `Accepted: ${fault}\n${log}${path} can be started now, and counts as a restored backup. Check it first: npm run store -- verify\n`;
}

export function renderCopy({ path, requests, rows, durationMs }: CopyReport): string {
  const copied = `Copied: ${formatCount(requests, 'request')}, ${formatCount(rows, 'row')}, ${(durationMs / 1000).toFixed(1)} s. The copy verifies well.\n`;
  return `${copied}Start gateways with M2M_STORE_URL. ${path} counts as a restored backup from now on: it sends nothing that was queued.\n`;
}

export function renderStats(stats: StoreStats): string {
  const { lastPurge } = stats;
  return renderTable(
    ['STORE', stats.path],
    [
      ['epoch', stats.epoch],
      ['schema', String(stats.schemaVersion)],
      ...renderSizes(stats),
      ...Object.entries(stats.requestsByStatus).map(([status, requests]) => [`requests ${status}`, String(requests)]),
      ['oldest request', formatTime(stats.oldestRequestAt)],
      ['requests being purged', String(stats.purging)],
      ['events', `about ${stats.approximateEvents}`],
      ['unclaimed callbacks', String(stats.unclaimed)],
      ['kept messages', String(stats.kept)],
      ['to be forwarded', String(stats.forwardBacklog)],
      ['last purge', lastPurge ? `${formatTime(lastPurge.at)}, ${formatCount(lastPurge.requests, 'request')}` : 'never'],
      // Nobody tells the gateway of a backup of a database.
      ...(stats.isDatabase ? [] : [['last backup', stats.lastBackupAt === null ? 'never' : formatTime(stats.lastBackupAt)]]),
      ['sealed with', stats.sealedWith ?? 'no key'],
      ...(stats.olderKeys.length === 0 ? [] : [['older rows with', stats.olderKeys.join(', ')]]),
    ],
  );
}

function renderSizes({ isDatabase, fileBytes, walBytes, freeBytes }: StoreStats): (readonly [string, string])[] {
  if (isDatabase) return [['database', formatSize(fileBytes)]];
  return [
    ['file', formatSize(fileBytes)],
    ['write-ahead log', formatSize(walBytes)],
    ['free in the file', formatSize(freeBytes)],
  ];
}

function formatCount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function formatSize(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function formatTime(at: number | null): string {
  return at === null ? '-' : new Date(at).toISOString();
}
