import { CALLBACK_PREFIX } from '../../src/datasources/thingspace/wire/callback-service.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import {
  CLASSES,
  coreOf,
  digestOf,
  digitsOf,
  halves,
  type Canary,
  type CanaryClass,
  type Place,
  type Run,
  type Witness,
} from './support/canary.ts';

interface Row extends Pick<Canary, 'class' | 'into' | 'run' | 'seen' | 'may'> {
  /** The field's value, the marker within. */
  readonly as: (core: string) => string | null;
  readonly pieces: (core: string) => readonly Buffer[];
}

type More = Partial<Omit<Row, 'class' | 'into' | 'run' | 'seen'>>;

const marked =
  (of: CanaryClass, run: Run, seen: Witness) =>
  (into: string, more: More = {}): Row => ({ class: of, into, run, seen, may: [], as: (core) => core, pieces: halves, ...more });

/** A marker that is sought as a whole, not by halves. */
const whole = (value: string): More => ({ as: () => value, pieces: () => [Buffer.from(value)] });
/** Known only once the gateway runs. */
const LATER: More = { as: () => null };
const READER: More = { may: ['reader'] };
/** A setting that `Request.input` shows. */
const SHOWN: More = { may: ['owner', 'reader'] };
/** The error for an unknown name repeats it to the caller who wrote it. */
const TOLD: More = { may: ['refusals', 'owner', 'reader'] };
/** An unreadable message is kept with it. It shows that the masked password beside it was ours. */
const KEPT: More = { may: ['owner', 'plain store'] };
const storeKey = (name: string): More => {
  const key = digestOf(name);
  return { as: () => key.toString('base64'), pieces: () => halves(key) };
};

export const ACCOUNT = '0868924207-00001';
export const OTHER_ACCOUNT = '0000123456-00001';

const SECRET = `secret-of-the-paths-${coreOf('callbackSecret')}`;
const PREVIOUS_SECRET = `secret-of-former-paths-${coreOf('callbackPreviousSecret')}`;
const token = (secret: string, generation = 0): More => {
  const text = makeCallbackPath(secret, { account: ACCOUNT, service: 'CarrierService' }, generation).slice(CALLBACK_PREFIX.length);
  return { as: () => text, pieces: () => halves(text) };
};

const configured = marked('password', 'trips', 'carrier heard');
const callback = (of: CanaryClass) => marked(of, 'trips', 'owner saw');
const aside = marked('device secret', 'trips', 'owner saw');
const unread = (of: CanaryClass) => marked(of, 'trips', 'gateway answered');
const input = marked('personal', 'trips', 'carrier heard');
const listed = marked('personal', 'trips', 'carrier said');
const tried = marked('password', 'refusals', 'gateway answered');
const refused = marked('protocol', 'refusals', 'gateway answered');
const misfit = marked('personal', 'refusals', 'gateway answered');
const quoted = marked('protocol', 'faults', 'carrier said');
const wrong = marked('password', 'configuration', 'gateway answered');

const TABLE = {
  clientId: marked('login name', 'trips', 'carrier heard')('M2M_THINGSPACE_CLIENT_ID'),
  clientSecret: configured('M2M_THINGSPACE_CLIENT_SECRET', { as: (core) => `c/${core}+=` }),
  uwsUsername: marked('login name', 'trips', 'carrier heard')('M2M_THINGSPACE_USERNAME'),
  uwsPassword: configured('M2M_THINGSPACE_PASSWORD', { as: (core) => `p"&${core}é` }),
  bearerToken: marked('password', 'trips', 'carrier said')('the OAuth access token the carrier gives'),
  sessionToken: marked('password', 'trips', 'carrier said')('the session token the carrier gives'),
  callbackSecret: marked('password', 'trips', 'gateway answered')('M2M_CALLBACK_SECRET', { as: () => SECRET }),
  callbackPreviousSecret: marked('password', 'trips', 'gateway answered')('M2M_CALLBACK_PREVIOUS_SECRET', { as: () => PREVIOUS_SECRET }),
  path: configured('the callback path of an account and service', token(SECRET)),
  pathOfPreviousSecret: marked('password', 'trips', 'gateway answered')('the path under the previous secret', token(PREVIOUS_SECRET)),
  pathAfterRotation: configured('the path after a rotation', token(SECRET, 1)),
  callbackUsername: marked('login name', 'trips', 'carrier heard')('M2M_CALLBACK_USERNAME', KEPT),
  callbackPassword: configured('M2M_CALLBACK_PASSWORD', { as: (core) => `"&${core}>/é` }),
  previousUsername: marked('login name', 'trips', 'gateway answered')('M2M_CALLBACK_PREVIOUS_USERNAME', KEPT),
  previousPassword: marked('password', 'trips', 'gateway answered')('M2M_CALLBACK_PREVIOUS_PASSWORD'),
  forwardUsername: marked('login name', 'trips', 'listener got')('M2M_CALLBACK_FORWARD_USERNAME'),
  forwardPassword: marked('password', 'trips', 'listener got')('M2M_CALLBACK_FORWARD_PASSWORD'),
  forwardUrlKey: marked('password', 'trips', 'listener got')('a query of M2M_CALLBACK_FORWARD'),
  forwardUrlPassword: marked('password', 'trips', 'listener got')('user and password of M2M_CALLBACK_FORWARD'),
  storeKey: marked('password', 'crashes', 'gateway answered')('M2M_STORE_KEYS', storeKey('storeKey')),
  olderStoreKey: marked('password', 'crashes', 'gateway answered')('M2M_STORE_KEYS, its second', storeKey('olderStoreKey')),
  apiKeyOfOwner: marked('password', 'trips', 'gateway answered')('the secret of an API key', LATER),
  apiKeyOfReader: marked('password', 'trips', 'gateway answered')('the secret of another', LATER),
  jwtSignature: marked('password', 'trips', 'gateway answered')('the signature of a JWT', LATER),
  jwtClaim: marked('password', 'trips', 'gateway answered')('a claim of a JWT, and with it its middle part'),
  keyName: marked('reference', 'trips', 'gateway answered')('the name of an API key'),
  jwtSubject: marked('reference', 'trips', 'gateway answered')('the subject of a JWT'),

  deviceUsername: callback('device secret')('deviceCredential.username of an activation'),
  devicePassword: callback('device secret')('deviceCredential.password of an activation'),
  legacyUsername: callback('device secret')('DeviceCredential.Username of a legacy XML message'),
  legacyPassword: callback('device secret')('DeviceCredential.Password of a legacy XML message'),
  activationCode: callback('device secret')('activationCode of a renewal', { as: (core) => `1$smdp.example.com$${core}` }),
  externalPassword: callback('device secret')('deviceCredential.password of another tool’s request'),
  externalActivationCode: callback('device secret')('activationCode of another tool’s request, unclaimed at first'),
  unreadablePassword: aside('deviceCredential.password of a message that is cut short'),
  unreadableActivationCode: aside('activationCode of one in UTF-16'),
  dtdPassword: aside('Password in XML with a DTD'),
  deepPassword: aside('password in a message nested too deep'),
  foreignPassword: aside('deviceCredential.password of a message for another account’s request'),
  quarantinedActivationCode: aside('activationCode of a message with somebody else’s credentials'),
  quarantinedPassword: aside('the password of somebody else in it'),
  usagePassword: marked('device secret', 'trips', 'listener got')('a password in a message of a service that is not followed'),
  niddSecret: marked('device secret', 'trips', 'listener got')('an unknown field of a NIDD message'),
  contradictingPassword: marked('device secret', 'trips', 'listener got')('deviceCredential.password of a second, contradicting message'),
  duplicatePassword: marked('device secret', 'trips', 'listener got')('deviceCredential.password of a message that comes three times'),
  comment: callback('message')('comment of an activation', READER),
  faultMessage: callback('message')('faultstring of a failed device', READER),
  niddReason: callback('message')('reason of a NIDD message', READER),
  stateName: callback('message')('StateName of a legacy message', READER),
  usageText: callback('message')('text of a message of a service that is not followed', READER),
  unknownKey: marked('message', 'trips', 'listener got')('name of an unknown field of a callback'),
  unknownValue: marked('message', 'trips', 'listener got')('value of an unknown field of a callback'),
  unreadableText: callback('message')('text that is no message'),
  contentType: callback('message')('Content-Type of a message that cannot be read', { may: ['sealed store'] }),
  callbackUserAgent: unread('protocol')('User-Agent of a callback'),
  callbackQuery: unread('password')('a query behind the callback path'),
  forwardedFor: unread('protocol')('X-Forwarded-For of a callback'),
  unclaimedId: callback('reference')('requestId of a callback that no request has'),

  title: input('primaryPlaceOfUse: title'),
  firstName: input('primaryPlaceOfUse: firstName'),
  middleName: input('primaryPlaceOfUse: middleName'),
  lastName: input('primaryPlaceOfUse: lastName'),
  suffix: input('primaryPlaceOfUse: suffix'),
  addressLine1: input('primaryPlaceOfUse: addressLine1', { as: (core) => `12 ${core} Street` }),
  addressLine2: input('primaryPlaceOfUse: addressLine2'),
  city: input('primaryPlaceOfUse: city'),
  phone: input('primaryPlaceOfUse: phone', whole(digitsOf('phone', 14))),
  emailAddress: input('primaryPlaceOfUse: emailAddress', { as: (core) => `${core}@example.com` }),
  customField1: input('customFields: value'),
  customField5: input('customFields: another value'),
  costCenterCode: input('costCenterCode'),
  skuNumber: input('skuNumber', SHOWN),
  carrierName: input('carrierName', SHOWN),
  ipPool: input('carrierIpPoolName', SHOWN),
  leadId: input('leadId'),
  groupName: input('groupName of listed devices', SHOWN),
  filterGroup: input('groupName of a group to activate', SHOWN),
  filterValue: input('customFieldFilter: value'),
  clientReference: marked('reference', 'trips', 'owner saw')('clientReference'),
  idempotencyKey: marked('reference', 'trips', 'gateway answered')('idempotencyKey'),
  listedFirstName: listed('PrimaryPlaceOfUseFirstName of the carrier’s device list'),
  listedLastName: listed('PrimaryPlaceOfUseLastName of the carrier’s device list'),
  listedEmail: listed('PrimaryPlaceOfUseEmailAddress of the carrier’s device list'),
  listedCustomField: listed('custom field of the carrier’s device list', SHOWN),
  searchedPart: input('identifier.contains of a list of devices'),
  newGroupName: input('name of a device group', SHOWN),
  groupDescription: input('description of a device group', SHOWN),
  otherListenerPassword: marked('password', 'trips', 'carrier said')('password of another tool’s listener'),
  otherListenerUrl: marked('password', 'trips', 'carrier said')('user, path and query of its URL'),
  historyAuthor: listed('eventBy of the carrier’s device history'),

  wrongKey: tried('an API key that there is not'),
  wrongJwt: tried('the signature of a JWT that is not good'),
  wrongJwtClaim: tried('a claim of it'),
  wrongScheme: tried('Authorization of another scheme'),
  socketKey: tried('a wrong key in connectionParams'),
  queryToken: tried('authorization in the query of a POST'),
  upgradeToken: tried('a token in the URL of an upgrade'),
  wrongPath: tried('a callback path that is none of ours'),
  cookie: tried('a cookie'),
  proxyAuthorization: tried('Proxy-Authorization'),
  adminKeyBody: tried('a body of POST /keys/create that cannot be read'),
  tooLargeCallback: refused('a callback that is too large'),
  packedCallback: refused('a callback with a Content-Encoding'),
  notJsonBody: refused('a GraphQL body that is no JSON'),
  notObjectBody: refused('a GraphQL body that is no object'),
  batchedBody: refused('a batch of GraphQL bodies'),
  tooLargeBody: refused('a GraphQL body that is too large'),
  formBody: refused('a GraphQL body as a form'),
  getQuery: refused('a GraphQL document in a GET'),
  unknownBodyKey: refused('an unknown key of a GraphQL body'),
  extension: refused('extensions of a GraphQL body'),
  operationName: refused('an operationName that is not in the document', TOLD),
  syntaxError: refused('a string where the syntax wants a name'),
  documentComment: refused('a comment of a document'),
  wrongLiteral: refused('a literal of the wrong type'),
  wrongArgument: refused('an argument of the wrong type'),
  misspeltField: refused('the name of a field that there is not', TOLD),
  misspeltInput: refused('the name of an input field that there is not', TOLD),
  alias: refused('an alias', { may: ['owner', 'reader'] }),
  wrongScalar: refused('a variable of the wrong type'),
  wrongEnum: refused('a variable that is none of its enum'),
  wrongDate: refused('a variable that is no date'),
  wrongInt: refused('a variable that is no number'),
  wrongCursor: refused('a cursor that is none'),
  wrongPage: refused('an `after` that is none'),
  wrongRequestId: refused('an id of no request'),
  wrongCarrierRequestId: refused('a carrierRequestId of the wrong form', { as: (core) => `${core}!` }),
  wrongAccount: refused('an account that is not served'),
  wrongFirstName: misfit('a firstName with a character the carrier refuses', { as: (core) => `${core}<` }),
  wrongEmail: misfit('an emailAddress that is none'),
  wrongPhone: misfit('a phone that is none', { as: (core) => `call ${core}` }),
  wrongAddress: misfit('an addressLine1 that is a P.O. box', { as: (core) => `P.O. Box 7 ${core}` }),
  wrongCustomKey: misfit('the key of a custom field that there is not'),
  wrongDeviceId: misfit('an identifier that is none'),
  wrongGroup: misfit('the name of a device group with a character the carrier refuses', { as: (core) => `${core}<` }),
  wrongFilter: misfit('a service plan in a filter of devices with such a character', { as: (core) => `${core}<` }),
  wrongZip: misfit('a ZIP code that is none'),
  foreignOrigin: refused('Origin of a foreign page', { as: (core) => `https://${core}.example.com` }),
  unknownHost: refused('a Host that is not ours', { as: (core) => `${core}.example.com` }),
  userAgent: refused('User-Agent'),
  subProtocol: refused('a sub-protocol of an upgrade'),
  connectionParam: refused('another key of connectionParams'),
  socketNoise: refused('a WebSocket message that is no JSON'),
  socketType: refused('the type of a WebSocket message that there is not'),
  operationId: refused('the id of an operation over a WebSocket', { may: ['refusals', 'owner'] }),
  adminPath: refused('a path of the admin listener that there is not'),
  adminDays: refused('a number of days that is none', { may: ['refusals'] }),

  carrierWords: quoted('the carrier’s words when it refuses a request', {
    may: ['owner', 'reader', 'refusals', 'admin', 'sealed store', 'plain store'],
  }),
  carrierHtml: quoted('an HTML page instead of an answer'),
  carrierGarbage: quoted('an answer that is no JSON'),
  carrierHeader: quoted('a header of the carrier’s answer'),
  carrierReason: quoted('the reason phrase of its status line'),
  oauthWords: quoted('what OAuth says when it refuses'),
  loginWords: quoted('what the login says when it refuses'),
  crashedPassword: marked('device secret', 'crashes', 'owner saw')('deviceCredential.password of a message acknowledged before kill -9'),
  crashedCode: marked('device secret', 'crashes', 'gateway answered')('activationCode of a message cut off by kill -9'),
  crashedName: marked('personal', 'crashes', 'carrier heard')('lastName of a mutation cut off by kill -9'),
  fullDiskPassword: marked('device secret', 'faults', 'gateway answered')('deviceCredential.password of a message while the disk is full'),
  deadListenerKey: marked('password', 'faults', 'gateway answered')('the URL of a previous listener that cannot be reached'),
  refusedPassword: marked('password', 'faults', 'carrier heard')('a password that the carrier refuses'),
  damagedMessage: marked('device secret', 'crashes', 'gateway answered')('a row of the store that is damaged'),
  uncaughtText: marked('device secret', 'crashes', 'gateway answered')('an error that nobody catches'),
  storeUrlPassword: marked('password', 'database', 'gateway answered')('the password in M2M_STORE_URL', LATER),
  journaledPassword: marked('device secret', 'database', 'owner saw')('deviceCredential.password of a message in the journal'),
  journaledText: marked('device secret', 'database', 'owner saw')('a password in an unreadable message in the journal'),

  wrongUrlPassword: wrong('user and password in a URL that takes none'),
  wrongUrlQuery: wrong('a query in a URL that takes none'),
  keyForFile: wrong('a key where the name of a file belongs', storeKey('keyForFile')),
  keyInsteadOfFile: wrong('a private key where the name of a file belongs'),
  keyInFile: wrong('a key file that cannot be used'),
  shortSecret: wrong('M2M_CALLBACK_SECRET that is too short'),
  shortPreviousSecret: wrong('M2M_CALLBACK_PREVIOUS_SECRET that is too short'),
  longCallbackPassword: wrong('M2M_CALLBACK_PASSWORD that is too long', { as: (core) => core.repeat(3) }),
  wrongForward: wrong('M2M_CALLBACK_FORWARD that cannot be read'),
  wrongStoreKey: wrong('M2M_STORE_KEYS that are none'),
  wrongStoreUrl: wrong('a M2M_STORE_URL that is none'),
  unknownVariable: wrong('a variable that there is not'),
  loneForwardPassword: wrong('M2M_CALLBACK_FORWARD_PASSWORD without the rest'),
  lonePassword: wrong('M2M_CALLBACK_PREVIOUS_PASSWORD without its username'),

  account: marked('pseudonymous', 'trips', 'carrier heard')('name of the account', whole(ACCOUNT)),
  otherAccount: marked('pseudonymous', 'trips', 'carrier heard')('name of another account', whole(OTHER_ACCOUNT)),
  iccid: marked('pseudonymous', 'trips', 'carrier heard')('ICCID', whole('89148007301946283751')),
  imei: marked('pseudonymous', 'trips', 'carrier heard')('IMEI', whole('990091738264519')),
  eid: marked('pseudonymous', 'trips', 'carrier heard')('EID', whole('89049032736450192837465019283746')),
  mdn: marked('pseudonymous', 'trips', 'owner saw')('MDN', whole('5097281936')),
} as const satisfies Record<string, Row>;

export type CanaryName = keyof typeof TABLE;

/** The specification: every marker, where it goes in, and where it may come to light. */
export const CANARIES: ReadonlyMap<CanaryName, Canary> = new Map(
  (Object.entries(TABLE) as [CanaryName, Row][]).map(([name, { as, pieces, may, ...rest }]) => {
    const core = coreOf(name);
    return [name, { ...rest, may: [...CLASSES[rest.class], ...may] as readonly Place[], value: as(core), pieces: pieces(core) }];
  }),
);

/** The marker as it stands in its field. */
export function canary(name: CanaryName): string {
  const value = CANARIES.get(name)?.value;
  if (value === undefined || value === null) throw new Error(`${name} is not known before the gateway runs.`);
  return value;
}
