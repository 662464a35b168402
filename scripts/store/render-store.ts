import type { Verification } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../src/datasources/request-log/store-upkeep.ts';
import { renderTable } from '../support/command-line.ts';

export function renderBackup({ path, bytes, durationMs }: BackupReport): string {
  return `Backup written: ${path} (${size(bytes)}, ${(durationMs / 1000).toFixed(1)} s)\n`;
}

export function renderPurge({ requests, messages }: PurgeReport): string {
  return `Purged: ${count(requests, 'request')}, ${count(messages, 'message')} that no request had\n`;
}

export function renderReseal({ rows, keyId }: ResealReport): string {
  return `Resealed: ${count(rows, 'row')}; everything is sealed with key ${keyId}\n`;
}

export function renderVerification({ requests, events, faults, totalFaults, unread, missingKeys }: Verification): string {
  const notRead = `${count(unread, 'sealed value')} not, for M2M_STORE_KEYS does not hold ${missingKeys.join(', ')}`;
  const read = `${count(requests, 'request')}, ${count(events, 'event')} read${unread === 0 ? '' : `; ${notRead}`}`;
  if (totalFaults === 0) return `No fault found: ${read}\n`;
  const rest = totalFaults - faults.length;
  const lines = [`${count(totalFaults, 'fault')} found: ${read}`, ...faults, ...(rest > 0 ? [`… and ${rest} more`] : [])];
  return `${lines.join('\n')}\nRestore a backup that verifies well, and keep this file for whoever looks into it.\n`;
}

export function renderStats(stats: StoreStats): string {
  const { lastPurge } = stats;
  return renderTable(
    ['STORE', stats.path],
    [
      ['epoch', stats.epoch],
      ['schema', String(stats.schemaVersion)],
      ['file', size(stats.fileBytes)],
      ['write-ahead log', size(stats.walBytes)],
      ['free in the file', size(stats.freeBytes)],
      ...Object.entries(stats.requestsByStatus).map(([status, requests]) => [`requests ${status}`, String(requests)]),
      ['oldest request', time(stats.oldestRequestAt)],
      ['requests being purged', String(stats.purging)],
      ['events', `about ${stats.approximateEvents}`],
      ['unclaimed callbacks', String(stats.unclaimed)],
      ['kept messages', String(stats.kept)],
      ['to be forwarded', String(stats.forwardBacklog)],
      ['last purge', lastPurge ? `${time(lastPurge.at)}, ${count(lastPurge.requests, 'request')}` : 'never'],
      ['last backup', stats.lastBackupAt === null ? 'never' : time(stats.lastBackupAt)],
      ['sealed with', stats.sealedWith ?? 'no key'],
      ...(stats.olderKeys.length === 0 ? [] : [['older rows with', stats.olderKeys.join(', ')]]),
    ],
  );
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function time(at: number | null): string {
  return at === null ? '-' : new Date(at).toISOString();
}
