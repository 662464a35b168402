import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { GatewayError } from '../../errors.ts';
import { refusalError } from './refusal-errors.ts';

/** `off`: any document, none is known by an id. `prefer`: also the trusted ones by their id. `require`: only those. */
export type TrustMode = 'off' | 'prefer' | 'require';

/** A request for an operation, as a client sends it over any door; `documentId` stands for `query`, as in GraphQL over HTTP. */
export interface DocumentParams extends GraphQLParams {
  readonly documentId?: unknown;
}

export interface TrustedDocuments {
  /** Whether the text is a trusted document: the limits of form are not for those. */
  readonly isTrusted: (text: string) => boolean;
  /** The request with its document in `query` and without `documentId`, or why there is none. */
  readonly resolveDocument: (params: DocumentParams) => GraphQLParams | GraphQLError;
  /** Resolves before any other plugin asks for a `query`: it must stand ahead of them. */
  readonly plugin: Plugin;
}

/**
 * Documents by id, from files as codegen's client preset writes them (`persistedDocuments`): a JSON object from id to text. An
 * id is the text's SHA-256 in hexadecimal, with or without `sha256:` before it, or whatever else a compiler gave (Relay's MD5).
 *
 * @throws GatewayError CONFIG_INVALID naming the file, and the entry whose text does not have the SHA-256 it is filed under
 */
export async function readTrustedDocuments(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const documents = new Map<string, string>();
  for (const file of files) {
    for (const [given, text] of Object.entries(await readObject(file))) {
      const id = plainId(given);
      if (typeof text !== 'string') throw unusableError(file, `what it has under ${given} is not the text of a document.`);
      if (isSha256(id) && id !== sha256(text))
        throw unusableError(file, `the document under ${given} has another SHA-256, ${sha256(text)}. Generate the file again.`);
      if (documents.has(id) && documents.get(id) !== text) throw unusableError(file, `${given} already stands for another document.`);
      documents.set(id, text);
    }
  }
  return documents;
}

export function createTrustedDocuments(options: {
  readonly mode: TrustMode;
  readonly documents: ReadonlyMap<string, string>;
}): TrustedDocuments {
  const { mode } = options;
  const documents = mode === 'off' ? new Map<string, string>() : options.documents;
  const texts = new Set(documents.values());

  function resolveDocument({ documentId, ...params }: DocumentParams): GraphQLParams | GraphQLError {
    const persisted: unknown = params.extensions?.['persistedQuery'];
    const given = documentId ?? (isObject(persisted) ? persisted['sha256Hash'] : undefined) ?? null;
    // graphql-ws wants a text in every message: an empty one goes with an id.
    const text = params.query === '' && given !== null ? null : (params.query ?? null);
    if (given === null) return text === null || isAllowed(text) ? params : notTrustedError();
    if (text !== null && mode === 'off') return params;
    if (typeof given !== 'string') return refusalError('BAD_REQUEST', 'The id of a document is not a string.');
    const id = plainId(given);
    const known = documents.get(id);
    if (text !== null) {
      // Apollo sends the id that codegen has made with a text that it prints itself: an id that is not known may be anything.
      if (known !== undefined && known !== text && id !== sha256(text))
        return refusalError(
          'BAD_REQUEST',
          'The id is not that of the document beside it: send the SHA-256 of the very text, or one of the two.',
        );
      return isAllowed(text) ? params : notTrustedError();
    }
    if (known !== undefined) return { ...params, query: known };
    if (mode === 'require') return notTrustedError();
    // Apollo Client and urql know these by code or message, and send the text then.
    return mode === 'off'
      ? refusalError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')
      : refusalError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
  }

  const isAllowed = (text: unknown) => mode !== 'require' || (typeof text === 'string' && texts.has(text));

  return {
    isTrusted: (text) => texts.has(text),
    resolveDocument,
    plugin: {
      onParams: ({ params, setParams }) => {
        const resolved = resolveDocument(params);
        if (resolved instanceof GraphQLError) throw resolved;
        setParams(resolved);
      },
    },
  };
}

function notTrustedError(): GraphQLError {
  return refusalError(
    'DOCUMENT_NOT_TRUSTED',
    'This gateway takes trusted documents only, and this is none of them. Send the id of one, or its very text (M2M_TRUSTED_DOCUMENTS).',
  );
}

async function readObject(file: string): Promise<Readonly<Record<string, unknown>>> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusableError(file, 'it cannot be read.', error);
  });
  try {
    const parsed: unknown = JSON.parse(content);
    if (isObject(parsed)) return parsed;
  } catch {
    // Said below: what JSON.parse has to say quotes the file.
  }
  throw unusableError(file, 'it is not a JSON object from ids to documents, as codegen writes persisted-documents.json.');
}

function unusableError(file: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The trusted documents of ${file} (M2M_TRUSTED_DOCUMENTS_FILES) are not usable: ${why}`, {
    cause,
  });
}

/** Clients and compilers write the same id with and without its prefix. */
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
