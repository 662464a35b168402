import { request } from 'undici';

/** One sample of the admin door's metrics by its name, labels included; NaN where there is none. */
export async function readMetric(adminUrl: string, name: string): Promise<number> {
  const text = await (await request(`${adminUrl}/metrics`)).body.text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
