import type { RequestSending } from '../datasources/request-log/request-sending.ts';
import { guidOf } from '../datasources/thingspace/wire/carrier-request-id.ts';
import type { Transport } from '../lib/http-exchange.ts';
import { inSpan, type OpenSpan } from '../lib/trace.ts';
import type { SendQueue, SendingTurns } from '../resolvers/requests/send-queue.ts';

/** What the way of a Request to the carrier writes, with a span for each write. */
export function traceWrites({ create, step }: Pick<RequestSending, 'create' | 'step'>): Pick<RequestSending, 'create' | 'step'> {
  return {
    create: (request, room) =>
      inSpan('request create', { 'm2m.operation': request.operation }, async (span) => {
        const created = await create(request, room);
        // A repeat is given the Request that its first try made.
        span.note({ 'm2m.request.id': created.id, 'm2m.request.outcome': created.outcome });
        return created;
      }),
    step: (requestId, position, given, lease) => {
      const attributes = {
        'm2m.request.id': requestId,
        'm2m.request.part': position,
        'm2m.request.step': given.type,
        'm2m.carrier_request.id': given.type === 'ACCEPTED' ? guidOf(given.carrierRequestId) : null,
      };
      return inSpan('request step', attributes, () => step(requestId, position, given, lease));
    },
  };
}

/** The same of a store in this thread. */
export function traceSending(sending: RequestSending): RequestSending {
  return {
    ...traceWrites({
      create: (request, room) => sending.create(request, room),
      step: (requestId, position, step, lease) => sending.step(requestId, position, step, lease),
    }),
    hasRoom: (createdBy, room) => sending.hasRoom(createdBy, room),
    findByKey: (account, createdBy, key) => sending.findByKey(account, createdBy, key),
    setMembers: (requestId, devices) => sending.setMembers(requestId, devices),
    cancelQueued: (requestId, error) => sending.cancelQueued(requestId, error),
    recover: (token) => sending.recover(token),
    queued: () => sending.queued(),
    sentSince: (operation, since) => sending.sentSince(operation, since),
  };
}

/** The queue, with a span for each wait in it. */
export function traceQueue(queue: SendQueue): SendingTurns {
  return {
    take: (ticket, signal) => {
      const attributes = { 'm2m.request.id': ticket.requestId, 'm2m.operation': ticket.operation.name };
      return inSpan('queue wait', attributes, () => queue.take(ticket, signal));
    },
    hold: (operation, ms) => queue.hold(operation, ms),
    placeOf: (requestId) => queue.placeOf(requestId),
    remember: (operation, agesMs) => queue.remember(operation, agesMs),
  };
}

/**
 * The transport, with a span for each exchange. A path is left out, because some have the name of an account. The carrier is not told
 * our trace.
 */
export function traceExchanges(transport: Transport): Pick<Transport, 'send'> {
  return {
    send(exchange) {
      const { method, name } = exchange;
      const { protocol, hostname, port } = new URL(exchange.url);
      const scheme = protocol.slice(0, -1);
      const attributes = {
        'http.request.method': method,
        'm2m.carrier.call': name,
        'server.address': hostname,
        'server.port': port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
        'url.scheme': scheme,
      };
      const send = async (span: OpenSpan) => {
        const answer = await transport.send(exchange);
        span.note({ 'http.response.status_code': answer.status });
        return answer;
      };
      return inSpan(method, attributes, send, { kind: 'CLIENT' });
    },
  };
}
