import { Hub } from '../../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../../src/datasources/request-log/sqlite.ts';
import { readCallbackBody } from '../../../src/datasources/thingspace/wire/callback-body.ts';
import { parseCallback } from '../../../src/datasources/thingspace/wire/callback.ts';
import { evidenceOf } from '../../../src/datasources/thingspace/wire/evidence.ts';

/** What is driven: the log and the door's way of reading a message. A planted bug is another source of the same shape. */
export interface LogSource {
  readonly Hub: typeof Hub;
  readonly SqliteRequestLog: typeof SqliteRequestLog;
  readonly readCallbackBody: typeof readCallbackBody;
  readonly parseCallback: typeof parseCallback;
  readonly evidenceOf: typeof evidenceOf;
}

export const OWN_SOURCE: LogSource = { Hub, SqliteRequestLog, readCallbackBody, parseCallback, evidenceOf };
