import * as z from 'zod';
import type { RequestedDevice } from '../datasources/request-log/stored-request.ts';
import type { DeviceFilter } from '../datasources/thingspace/carrier-reads.ts';
import type { CarrierAction } from '../datasources/thingspace/thing-space.ts';
import type { CallbackService } from '../datasources/thingspace/wire/callback-service.ts';
import type { DeviceIdentifierKind } from '../datasources/thingspace/wire/device-identifier.ts';
import type { DeviceState } from '../datasources/thingspace/wire/state-words.ts';
import { accountName, INPUT_TYPES, REQUEST_OPTIONS } from './fields.ts';
import { faultsOf, type InputFault, type ReportFault } from './input-fault.ts';
import type { LineLimit } from './line-limits.ts';
import type { Selection } from './bodies.ts';
import type { ProvenBy } from './proof.ts';
import type { Confirmation, Target } from './target.ts';

/** A carrier operation, as its file describes it. */
interface Definition<Fields extends z.ZodRawShape, TargetFields extends z.ZodRawShape> {
  /** The value of the graph's `Operation` enum. The mutation and its types are named after it. */
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  /** Below the API's base URL. */
  readonly path: string;
  /** A second action of the carrier at another path, and whether the settings ask for it. */
  readonly otherPath?: { readonly path: string; readonly isMeant: (settings: z.output<z.ZodObject<Fields>>) => boolean };
  /** The service whose callbacks report each device. Null where the carrier answers at once with a result for each device. */
  readonly callbackService: CallbackService | null;
  /** A second service that may send one more message for a device. That message changes neither its status nor the Request's. */
  readonly secondService: CallbackService | null;
  /**
   * The carrier reports each profile of an eSIM device and then the device itself, whose own message decides. Otherwise the first final
   * message of a device does.
   */
  readonly deviceDecides?: true;
  /** Devices in one carrier request. More devices are split over several. */
  readonly maxDevices: number;
  /** The states of a line at the carrier, where they decide whether it may be asked for. A check before it goes by them. */
  readonly states?: {
    readonly from: readonly DeviceState[];
    /** Null when it changes no state. */
    readonly to: DeviceState | null;
    /** It takes devices that the account does not have yet. */
    readonly takesUnknown?: true;
  };
  /** How often the carrier takes it for one line. A caller is warned; nothing is stopped. */
  readonly lineLimit?: LineLimit;
  /** The carrier takes only so many requests of it in a minute: M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE. */
  readonly hasRateLimit: boolean;
  /** The right that its mutation needs. `terminate` when it cannot be undone. */
  readonly scope: 'write' | 'terminate';
  /**
   * The carrier is told no account, so the devices may be of any account that its user has. The caller needs the right to every account of
   * this gateway.
   */
  readonly namesNoAccount?: true;
  /** Texts of the graph. */
  readonly texts: {
    /** The enum value, without a stop: "Activate service for devices". */
    readonly purpose: string;
    /** The beginning of the sentence "… was accepted by the gateway": "The activation". */
    readonly noun: string;
    readonly mutation: string;
    readonly inputType: string;
  };
  readonly target: Target<TargetFields>;
  /** The input's own fields. They are stored and parsed again later, so a rule may become stricter only if nothing stored breaks it. */
  readonly fields: Fields;
  /**
   * The settings that the graph may show of a stored request. Decide it for each field. What is not named here is hidden: names and
   * addresses, leads, and what people write freely.
   */
  readonly shown: readonly (keyof Fields | keyof DeviceFilter | 'currentServicePlan' | keyof Confirmation)[];
  /** Rules between fields. They read the raw input, so that their faults come together with those of single fields. */
  readonly reportFaults?: (input: z.input<z.ZodObject<Fields>> & z.input<z.ZodObject<TargetFields>>, report: ReportFault) => void;
  /** The documented body. `devices` is null when the carrier chooses them by `selection`. */
  readonly body: (
    accountName: string,
    devices: readonly RequestedDevice[] | null,
    settings: z.output<z.ZodObject<Fields>>,
    selection: Selection,
  ) => unknown;
  /** What proves the operation done without a callback, perhaps by its settings. NOTHING when no read of the carrier shows it. */
  readonly provenBy: ProvenBy | ((settings: z.output<z.ZodObject<Fields>>) => ProvenBy) | 'NOTHING';
  /** Identifier kinds by which a retry may name a device that only a callback has named. */
  readonly retryKinds: readonly DeviceIdentifierKind[];
  /** Kinds that a retry adds to what the mutation named, if the failed callback has told them. */
  readonly retryAdds?: readonly DeviceIdentifierKind[];
}

/** What a Request stores of its input beside account, devices and request options: the fields, and the filter. JSON. */
export type Settings = Readonly<Record<string, unknown>>;

export interface ShownSetting {
  readonly name: string;
  readonly value: string;
}

/** The parsed input of a mutation. Its form is valid. */
export interface Command {
  readonly operation: Operation;
  readonly accountName: string;
  /** Null when the carrier chooses the devices (a group, the whole account). */
  readonly devices: readonly RequestedDevice[] | null;
  readonly settings: Settings;
  readonly clientReference: string | null;
  readonly idempotencyKey: string | null;
  /** The Request whose failed devices are tried again. */
  readonly retryOf: string | null;
  /** Stands for the input when a key is repeated. Null: the devices and settings do. */
  readonly inputHash: Uint8Array | null;
  readonly validateOnly: boolean;
  /** How long the mutation waits for the carrier's answer. Null for the configured time. */
  readonly waitMs: number | null;
}

/** A parsed command, or all faults of the input. */
export type ParsedInput = { readonly command: Command } | { readonly faults: readonly InputFault[] };

/** A carrier operation, as the rest of the gateway uses it. */
export interface Operation extends Omit<
  Definition<z.ZodRawShape, z.ZodRawShape>,
  'otherPath' | 'target' | 'fields' | 'shown' | 'reportFaults' | 'body' | 'provenBy'
> {
  /** `path`, and the path of the second action if there is one. */
  readonly paths: readonly string[];
  /** The name of the mutation: `activateDevices`. */
  readonly mutation: string;
  /** The beginning of its types' names: `ActivateDevices`. */
  readonly typeName: string;
  /** The whole input. It becomes a GraphQL type. */
  readonly input: z.ZodObject;
  /** Parses an input. All its faults are returned together. */
  parse(input: unknown): ParsedInput;
  /** Makes one carrier request, as documented. @throws ZodError when `settings` are not this operation's. */
  actionOn(accountName: string, devices: readonly RequestedDevice[] | null, settings: Settings): CarrierAction;
  /** The filter by which the carrier chooses the devices of a Request that lists none. */
  filterOf(settings: Settings): DeviceFilter;
  /** How many devices that filter must find when the Request leaves. Null when nobody had to say it. */
  confirmedCountOf(settings: Settings): number | null;
  /** What proves a Request with these settings done. Throws as `actionOn` does. */
  readonly provenBy: ProvenBy | ((settings: Settings) => ProvenBy) | 'NOTHING';
  /** The settings that may be shown to everybody who may read the request, in the order of the input. */
  shownOf(settings: Settings): readonly ShownSetting[];
  /** The same settings for listed devices. */
  withoutFilter(settings: Settings): Settings;
}

const COMMON = z.object({ accountName, ...REQUEST_OPTIONS.shape });

const FILTER = z.object({
  groupName: z.string().optional(),
  servicePlan: z.string().optional(),
  customFields: z.array(z.object({ key: z.string(), value: z.string() })).optional(),
});

const FILTER_PARTS = ['groupName', 'servicePlan', 'customFields'] as const satisfies readonly (keyof DeviceFilter)[];

const CONFIRMATION = z.object({ confirmAccountName: z.string().optional(), confirmDeviceCount: z.int().optional() });

export function defineOperation<Fields extends z.ZodRawShape, TargetFields extends z.ZodRawShape>(
  definition: Definition<Fields, TargetFields>,
): Operation {
  const { name, otherPath, target, texts, reportFaults, body, fields, shown, provenBy, ...rest } = definition;
  const words = name.toLowerCase().replaceAll(/(?:^|_)(\w)/g, (_match, first: string) => first.toUpperCase());
  const typeName = words.replace('Esim', 'ESim');
  const own = z.object(fields);
  const targeted = z.object(target.fields);
  const filterNames = FILTER_PARTS.flatMap((part) => {
    const named = target.filterNames[part];
    return named === undefined ? [] : [{ part, named }];
  });
  const namedParts = (filter: DeviceFilter) => Object.fromEntries(filterNames.map(({ part, named }) => [named, filter[part]]));
  const selectionKeys = new Set([
    ...filterNames.map(({ named }) => named),
    ...(target.keepsConfirmation ? Object.keys(CONFIRMATION.shape) : []),
  ]);
  const settingKeys = [...new Set([...Object.keys(fields), ...selectionKeys])];
  const selectionOf = (settings: Settings): Selection => ({
    filter: namedParts(operation.filterOf(settings)),
    ...CONFIRMATION.parse(settings),
  });
  const operation: Operation = {
    ...rest,
    paths: otherPath ? [rest.path, otherPath.path] : [rest.path],
    name,
    texts,
    typeName,
    mutation: `${typeName.charAt(0).toLowerCase()}${typeName.slice(1)}`,
    input: z
      .object({ ...COMMON.shape, ...target.fields, ...fields })
      .register(INPUT_TYPES, { name: `${typeName}Input`, description: texts.inputType }),
    parse(input) {
      const faults: InputFault[] = [];
      const report: ReportFault = (path, code, message) => faults.push({ path, code, message });
      const [common, chosen, settings] = [COMMON.safeParse(input), targeted.safeParse(input), own.safeParse(input)];
      for (const { error } of [common, chosen, settings]) if (error) faults.push(...faultsOf(error));
      if (hasTypes(COMMON, common, input) && hasTypes(targeted, chosen, input)) {
        target.reportFaults(input, report);
        if (hasTypes(own, settings, input)) reportFaults?.(input, report);
      }
      if (faults.length > 0 || !common.success || !chosen.success || !settings.success) return { faults };
      const { devices, filter, confirmation } = target.choose(chosen.data);
      const chosenBy: Settings = devices === null ? { ...namedParts(filter), ...confirmation } : {};
      const given: Settings = { ...settings.data };
      return {
        command: {
          operation,
          accountName: common.data.accountName,
          devices,
          // The order of the keys never changes: the hash that tells whether two inputs are the same covers it.
          settings: Object.fromEntries(settingKeys.map((key) => [key, (selectionKeys.has(key) ? chosenBy[key] : undefined) ?? given[key]])),
          clientReference: common.data.clientReference ?? null,
          idempotencyKey: common.data.idempotencyKey ?? null,
          retryOf: null,
          inputHash: null,
          validateOnly: common.data.validateOnly ?? false,
          waitMs: common.data.waitMs ?? null,
        },
      };
    },
    actionOn(account, devices, settings) {
      const parsed = own.parse(settings);
      const { method, callbackService } = rest;
      const path = otherPath?.isMeant(parsed) ? otherPath.path : rest.path;
      const answersAtOnce = callbackService === null;
      return { name, method, path, answersAtOnce, body: body(account, devices, parsed, selectionOf(settings)) };
    },
    filterOf: (settings) => FILTER.parse(Object.fromEntries(filterNames.map(({ part, named }) => [part, settings[named]]))),
    confirmedCountOf: (settings) => (target.keepsConfirmation ? CONFIRMATION.parse(settings).confirmDeviceCount : undefined) ?? null,
    provenBy: typeof provenBy === 'function' ? (settings) => provenBy(own.parse(settings)) : provenBy,
    shownOf: (settings) =>
      settingKeys.flatMap((key) => {
        const value = settings[key];
        const isShown = shown.some((each) => each === key) && ['string', 'boolean', 'number'].includes(typeof value);
        return isShown ? [{ name: key, value: String(value) }] : [];
      }),
    withoutFilter: (settings) => Object.fromEntries(Object.entries(settings).filter(([key]) => !selectionKeys.has(key))),
  };
  return operation;
}

/** Rules between fields are checked only when every field has its type. GraphQL ensures the types, whatever else is wrong. */
function hasTypes<Type extends z.ZodType>(_type: Type, parsed: z.ZodSafeParseResult<unknown>, _input: unknown): _input is z.input<Type> {
  return parsed.success || parsed.error.issues.every(({ code }) => code !== 'invalid_type' && code !== 'invalid_value');
}
