// Sends the spans of the gateway to a collector by OTLP over HTTP. docs/operations.md (Traces) says how it is started.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

// Both threads of the gateway load this file. It does nothing at SIGTERM: the gateway flushes the spans at the end of its stop.
new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME ?? 'm2m-gateway' }),
  // OTEL_EXPORTER_OTLP_ENDPOINT names the collector.
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
}).register();
