/** One carrier request and its devices, numbered without gaps over a whole benchmark. */
export interface BenchRequest {
  readonly requestId: string;
  readonly carrierRequestId: string;
  readonly firstDevice: number;
  readonly devices: number;
}

/** What the load generator is to send. */
export interface Load {
  readonly url: string;
  /** Further servers that take the same callbacks: the connections are spread over all of them. */
  readonly alternates?: readonly string[];
  readonly requests: readonly BenchRequest[];
  /** Keep-alive connections, each with one callback on its way. */
  readonly inFlight: number;
  /** The devices of a request report in no order. */
  readonly isMixed?: boolean;
}

/** Callbacks that are sent at a rate, without waiting for answers. */
export interface OpenLoad {
  readonly url: string;
  readonly requests: readonly BenchRequest[];
  readonly perSecond: number;
  readonly seconds: number;
  /** At most this many connections. A callback that is due while all are busy waits in the sender. */
  readonly connections: number;
}

export interface OpenLoadResult {
  /** What should have been sent by the end. */
  readonly due: number;
  /** Acknowledged within the time. */
  readonly inTime: number;
  /** Answered with another status, or not at all. */
  readonly refused: number;
  readonly ackMs: Float64Array;
}

export interface LoadResult {
  readonly acknowledged: number;
  readonly refused: number;
  /** From the first byte sent to the last acknowledgement. */
  readonly seconds: number;
  readonly ackMs: Float64Array;
  /** When each callback was sent, by device number less the first one, in milliseconds since 1970. */
  readonly sentAt: Float64Array;
}

export interface FollowPlan {
  readonly url: string;
  readonly followers: number;
  readonly requests: readonly BenchRequest[];
  readonly query: string;
  /** Wait for a first event of every subscription: a gateway shows what has happened so far, a bare server has nothing to show. */
  readonly awaitFirst: boolean;
}

export interface FollowResult {
  /** One per follower and request: when each device arrived, by its place in the request, in milliseconds since 1970. */
  readonly arrivals: readonly { readonly request: number; readonly at: Float64Array }[];
  /** Frames that came while callbacks were sent, and their bytes. */
  readonly frames: number;
  readonly bytes: number;
}

/** Frames that the floor of a frame is to make. */
export interface FloorFrames {
  readonly requests: readonly BenchRequest[];
  readonly devicesAFrame: number;
}

/** Fields a dashboard shows of each device; the peer is asked for the same. */
export const DEVICE_FIELDS = 'id status state ipAddress servicePlan receivedAt deviceIds { kind value } fault { code message }';

export const FOLLOW_QUERY = `subscription Follow($requestId: ID!) { requestStatus(requestId: $requestId, batchSize: 1000) { cursor status progress { total settled succeeded failed } outcomes { index ${DEVICE_FIELDS} } } }`;

/** What a live table shows of each request of an account. */
export const CHANGES_QUERY = (account: string) =>
  `subscription { requestsChanged(accountName: "${account}") { cursor requests { id revision status operation updatedAt progress { total settled succeeded failed } } } }`;

export const PEER_QUERY = `subscription Follow($requestId: ID!) { device(requestId: $requestId) { ${DEVICE_FIELDS} } }`;

/** Milliseconds since 1970 with microseconds: the same clock in every process of this machine. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
