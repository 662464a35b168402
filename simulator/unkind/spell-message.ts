import type { ActionMessage, Target } from '../actions/action.ts';
import type { CallbackValue, CallbackContent, SpelledIdentifier } from '../callbacks/callback-message.ts';
import { spell, spellings } from '../callbacks/spelling.ts';
import { identifiersOf } from '../devices/device.ts';

/** A message as its unkindnesses change what it says. How its names are spelled is up to the rendering. */
export function spellMessage(message: ActionMessage, target: Target): ActionMessage {
  const { unkind, device } = target;
  if (unkind.size === 0) return message;
  let { content } = message;
  const kinds = unkind.has('named-by-mdn')
    ? (['mdn'] as const)
    : unkind.has('named-by-mdn-and-imei')
      ? (['mdn', 'imei'] as const)
      : undefined;
  if (kinds !== undefined && device !== undefined) content = named(content, spell(identifiersOf(device, kinds), spellings.lower));
  if (unkind.has('fault-names-one') && content.faultResponse !== undefined)
    content = { ...content, deviceIds: content.deviceIds?.slice(0, 1) };
  if (unkind.has('fault-in-response') && content.faultResponse !== undefined) {
    const { faultResponse, ...rest } = content;
    content = { ...rest, deviceResponse: { [responseName(message)]: { faultResponse: { ...faultResponse } } } };
  }
  if (unkind.has('callback-latin1')) content = { ...content, comment: 'Terminé' };
  return { ...message, content };
}

/** The element that has the result of the operation: as the page writes it, and as a fault of its own was seen inside others. */
function responseName({ legacyPath }: ActionMessage): string {
  const operation = legacyPath?.at(-1);
  return operation === undefined ? 'deviceProfileResponse' : `${operation.charAt(0).toLowerCase()}${operation.slice(1)}Response`;
}

/** The content with these identifiers in place of all that stand in it. */
function named({ deviceIds, deviceResponse, ...rest }: CallbackContent, identifiers: readonly SpelledIdentifier[]): CallbackContent {
  return {
    ...(deviceIds && { deviceIds: identifiers }),
    ...(deviceResponse && { deviceResponse: renamed(deviceResponse, identifiers) }),
    ...rest,
  };
}

type Fields = { readonly [name: string]: CallbackValue };

function renamed(fields: Fields, identifiers: readonly SpelledIdentifier[]): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (name === 'deviceIds' || name === 'deviceIdentifierCollection') return [name, identifiers];
      return [name, isFields(value) ? renamed(value, identifiers) : value];
    }),
  );
}

const isFields = (value: CallbackValue): value is Fields => typeof value === 'object' && !Array.isArray(value);
