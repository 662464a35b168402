import type { StoredRequest } from '../datasources/request-log/stored-request.ts';
import { builder } from './builder.ts';

/** The type `Request`, for types that lead to a request and are part of one. request.ts has its fields. */
export const RequestRef = builder.objectRef<StoredRequest>('Request');
