import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { GatewayError } from '../../errors.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { refusalError } from './refusal-errors.ts';

/** `off`: any document runs, and no id is known. `prefer`: any document runs, and a trusted one has an id too. `require`: only trusted ones run. */
export type TrustMode = 'off' | 'prefer' | 'require';

/** A request as a client sends it over any door. `documentId` may stand in place of `query`, as in GraphQL over HTTP. */
export interface DocumentParams extends GraphQLParams {
  readonly documentId?: unknown;
}

export type TrustedDocuments = ReturnType<typeof createTrustedDocuments>;

/**
 * Reads documents by id from files like those of codegen's client preset (`persistedDocuments`): a JSON object from id to text.
 * An id is the SHA-256 of the text in hexadecimal, with or without `sha256:` before it, or another id of a compiler (Relay's MD5).
 *
 * @throws GatewayError CONFIG_INVALID that names the file, and the entry whose text does not have the SHA-256 that is its id
 */
export async function readTrustedDocuments(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const documents = new Map<string, string>();
  for (const file of files) {
    for (const [given, text] of Object.entries(await readObject(file))) {
      const id = plainId(given);
      if (typeof text !== 'string') throw unusableError(file, `the entry ${given} is not the text of a document.`);
      if (isSha256(id) && id !== sha256(text))
        throw unusableError(file, `the document under ${given} has another SHA-256, ${sha256(text)}. Generate the file again.`);
      if (documents.has(id) && documents.get(id) !== text) throw unusableError(file, `${given} is already the id of another document.`);
      documents.set(id, text);
    }
  }
  return documents;
}

export function createTrustedDocuments(options: { readonly mode: TrustMode; readonly documents: ReadonlyMap<string, string> }) {
  const { mode } = options;
  const documents = mode === 'off' ? new Map<string, string>() : options.documents;
  const texts = new Set(documents.values());

  /** @returns the request with its document in `query` and without `documentId`, or the reason why there is none. */
  function resolveDocument({ documentId, ...params }: DocumentParams): GraphQLParams | GraphQLError {
    const persisted: unknown = params.extensions?.['persistedQuery'];
    const given = documentId ?? (isObject(persisted) ? persisted['sha256Hash'] : undefined) ?? null;
    // graphql-ws requires a text in every message, so a client sends an empty one beside an id.
    const text = params.query === '' && given !== null ? null : (params.query ?? null);
    if (given === null) return text === null || isAllowed(text) ? params : notTrustedError();
    if (text !== null && mode === 'off') return params;
    if (typeof given !== 'string') return refusalError('BAD_REQUEST', 'The id of a document is not a string.');
    const id = plainId(given);
    const known = documents.get(id);
    if (text !== null) {
      // Apollo Client sends the id of codegen with a text that it has printed itself. So an id that we do not know may be anything.
      if (known !== undefined && known !== text && id !== sha256(text))
        return refusalError(
          'BAD_REQUEST',
          'The id does not belong to the document beside it. Send the SHA-256 of exactly this text, or send only one of the two.',
        );
      return isAllowed(text) ? params : notTrustedError();
    }
    if (known !== undefined) return { ...params, query: known };
    if (mode === 'require') return notTrustedError();
    // Apollo Client and urql recognise these errors by code or message, and then send the text.
    return mode === 'off'
      ? refusalError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')
      : refusalError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
  }

  const isAllowed = (text: unknown) => mode !== 'require' || (typeof text === 'string' && texts.has(text));

  /** Resolves the document. It must stand before every plugin that needs a `query`. */
  const plugin: Plugin = {
    onParams: ({ params, setParams }) => {
      const resolved = resolveDocument(params);
      if (resolved instanceof GraphQLError) throw resolved;
      setParams(resolved);
    },
  };

  /** Whether the text is a trusted document. The limits of form do not hold for it. */
  const isTrusted = (text: string) => texts.has(text);

  return { isTrusted, resolveDocument, plugin };
}

function notTrustedError(): GraphQLError {
  return refusalError(
    'DOCUMENT_NOT_TRUSTED',
    'This gateway takes only trusted documents, and this is not one of them. Send the id of a trusted document, or exactly its text (M2M_TRUSTED_DOCUMENTS).',
  );
}

async function readObject(file: string): Promise<Readonly<Record<string, unknown>>> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusableError(file, 'it cannot be read.', error);
  });
  const parsed = parseJson(content);
  if (isObject(parsed)) return parsed;
  throw unusableError(file, 'it is not a JSON object from ids to documents, as codegen writes persisted-documents.json.');
}

function unusableError(file: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The trusted documents of ${file} (M2M_TRUSTED_DOCUMENTS_FILES) are not usable: ${why}`, {
    cause,
  });
}

/** The id without its prefix, which some clients and compilers write and others leave out. */
function plainId(id: string): string {
  const plain = id.replace(/^sha256:/, '');
  return isSha256(plain.toLowerCase()) ? plain.toLowerCase() : id;
}

function isSha256(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}

function sha256(text: unknown): string | null {
  return typeof text === 'string' ? createHash('sha256').update(text).digest('hex') : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
