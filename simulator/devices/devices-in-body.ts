import { z } from 'zod';
import { primaryIdentifier } from './identifiers.ts';

const shape = z.looseObject({
  devices: z.array(z.looseObject({ deviceIds: z.array(z.looseObject({ kind: z.string(), id: z.string() })) })),
});

/** The value that stands for each device of an action's body; none when the body is not of that shape. */
export function devicesInBody(body: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return [];
  }
  const parsed = shape.safeParse(json);
  return parsed.success ? parsed.data.devices.map((device) => primaryIdentifier(device.deviceIds)) : [];
}
