import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { BatchSpanProcessor, NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { RecordedSpan } from './recorded-spans.ts';

/**
 * An SDK of OpenTelemetry for a process that is started with `NODE_OPTIONS=--import` and this file. It appends each span to a file, all
 * that it has, as one line.
 */
const file = process.env['TEST_SPANS_FILE'] ?? '';
// It is there, with nothing in it, before the first span.
appendFileSync(file, '');

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, attributes, status, events, links, resource, instrumentationScope, parentSpanContext, droppedAttributesCount } =
        span;
      const { traceId, spanId, traceState } = span.spanContext();
      const line: RecordedSpan = {
        name,
        kind,
        traceId,
        spanId,
        parentId: parentSpanContext?.spanId ?? null,
        attributes,
        status,
        thread: isMainThread ? 'main' : 'worker',
        beganMs: toMs(span.startTime),
        endedMs: toMs(span.endTime),
        rest: [events, links, resource.attributes, instrumentationScope, traceState?.serialize(), droppedAttributesCount],
      };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};

// A batch that nobody flushes is held for a minute. So what a stop loses can be seen.
const processor =
  process.env['TEST_SPANS_HELD'] === 'on'
    ? new BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000 })
    : new SimpleSpanProcessor(exporter);
new NodeTracerProvider({ spanProcessors: [processor] }).register();

function toMs([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
