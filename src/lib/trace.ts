import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { GatewayError } from '../errors.ts';

/** Everything that a span may carry. An attribute that is not listed has no way in, and an error has only its kind: no text of anybody. */
const ATTRIBUTES = [
  'm2m.request.id',
  // 0 for the first carrier request of a Request.
  'm2m.request.part',
  'm2m.request.step',
  'm2m.request.outcome',
  'm2m.operation',
  'm2m.carrier_request.id',
  'm2m.carrier.call',
  'm2m.callback.service',
  'm2m.callback.outcome',
  // The `pseudonym` of a billing account.
  'm2m.account',
  'graphql.operation.type',
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'server.address',
  'server.port',
  'url.scheme',
] as const;

const KNOWN: ReadonlySet<string> = new Set(ATTRIBUTES);

export type SpanAttributes = { readonly [Name in (typeof ATTRIBUTES)[number]]?: string | number | null | undefined };

/** A span under way. */
export interface OpenSpan {
  /** Whether somebody will see it. If not, nothing need be looked up for it. */
  readonly isRecorded: boolean;
  note(attributes: SpanAttributes): void;
  /** @param kind a word of our own or an HTTP status: never a text of an error. */
  fail(kind: string): void;
}

interface SpanOptions {
  /** `SERVER`: it was asked for by another program. `CLIENT`: it waits for another program. The default is neither. */
  readonly kind?: 'SERVER' | 'CLIENT';
  /** The W3C trace context of whoever asked; null without one. If it is left out, the parent is the span around the caller. */
  readonly traceparent?: string | null;
}

const tracer = trace.getTracer('m2m-graphql-gateway');

/**
 * Does a piece of work in a span. The spans inside `work` are its children. Without an SDK of OpenTelemetry in the process this does
 * nothing but the work.
 */
export async function inSpan<Result>(
  name: string,
  attributes: SpanAttributes,
  work: (span: OpenSpan) => Promise<Result>,
  { kind, traceparent }: SpanOptions = {},
): Promise<Result> {
  const parent = traceparent === undefined ? context.active() : contextOf(traceparent);
  const started = tracer.startSpan(name, { kind: kind ? SpanKind[kind] : SpanKind.INTERNAL, attributes: select(attributes) }, parent);
  const span = openSpan(started, kind === 'SERVER' ? 500 : 400);
  try {
    return await context.with(trace.setSpan(parent, started), work, undefined, span);
  } catch (error) {
    span.fail(kindOf(error));
    throw error;
  } finally {
    started.end();
  }
}

/** How long a stop waits for whoever collects the spans. */
const FLUSH_MS = 1_000;

/**
 * Sends the spans of this thread that the SDK still holds. The stable API has no such call, so this asks for the method that every
 * SDK has.
 */
export async function flushSpans(): Promise<void> {
  const global: object = trace.getTracerProvider();
  const provider = 'getDelegate' in global && typeof global.getDelegate === 'function' ? (global.getDelegate() as object) : global;
  if (!('forceFlush' in provider) || typeof provider.forceFlush !== 'function') return;
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, FLUSH_MS);
  await Promise.race([Promise.resolve(provider.forceFlush()).catch(() => undefined), patience.promise]);
  clearTimeout(timer);
}

function openSpan(span: Span, leastFault: number): OpenSpan {
  const isRecorded = span.isRecording();
  const fail = (kind: string) => void span.setAttribute('error.type', kind).setStatus({ code: SpanStatusCode.ERROR });
  return {
    isRecorded,
    fail,
    note(attributes) {
      if (!isRecorded) return;
      span.setAttributes(select(attributes));
      const status = attributes['http.response.status_code'];
      if (typeof status === 'number' && status >= leastFault) fail(String(status));
    },
  };
}

/** Baggage and `tracestate` are texts of the caller, so they are not taken over. */
function contextOf(traceparent: string | null): Context {
  return traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

/** The types forbid other attributes. This also forbids them to code that got around the types. */
function select(attributes: SpanAttributes): Attributes {
  const selected: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && KNOWN.has(name)) selected[name] = value;
  }
  return selected;
}

function kindOf(error: unknown): string {
  if (error instanceof GatewayError) return error.code;
  return error instanceof Error ? error.constructor.name : typeof error;
}
