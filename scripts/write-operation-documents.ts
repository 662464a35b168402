import '../require-node.js';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Operation } from '../src/operations/define-operation.ts';
import { OPERATIONS } from '../src/operations/index.ts';

/** Writes the GraphQL documents of each carrier operation: one for programs, and the sandbox's example with its variables. */

const FOLDER = new URL('../documents/', import.meta.url);

/** A billing account of the simulated carrier. */
const ACCOUNT = '0868924207-00001';

await mkdir(new URL('operations/', FOLDER), { recursive: true });
for (const [at, operation] of OPERATIONS.entries()) {
  const file = operation.name.toLowerCase().replaceAll('_', '-');
  // Somebody new goes through the tabs of GraphiQL in the order of their names: the first mutation, following it, the others.
  const example = `examples/${at === 0 ? 1 : 3}-${file}`;
  await write(`operations/${file}.graphql`, programDocument(operation));
  await write(`${example}.graphql`, exampleDocument(operation));
  await write(`${example}.variables.json`, JSON.stringify({ input: { accountName: ACCOUNT, ...operation.example.input } }, null, 2));
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(new URL(path, FOLDER), `${text}\n`);
}

function programDocument({ texts, typeName, mutation }: Operation): string {
  return `# ${texts.mutation.split(/(?<=\.)\s/)[0]}
mutation ${typeName}($input: ${typeName}Input!) {
  ${mutation}(input: $input) {
    __typename
    ... on ${typeName}Accepted {
      request {
        ...RequestSummary
      }
    }
    ... on InputAccepted {
      deviceCount
      carrierRequestCount
    }
    ...MutationFailure
  }
}`;
}

function exampleDocument({ example, typeName, mutation }: Operation): string {
  return `${example.about.map((line) => `# ${line}`.trimEnd()).join('\n')}
mutation ${typeName}($input: ${typeName}Input!) {
  ${mutation}(input: $input) {
    __typename
    ... on ${typeName}Accepted {
      request {
        id
        status
        deviceCount
        carrierRequests {
          carrierRequestId
          state
        }
      }
    }
    ... on MutationError {
      code
      message
    }
    ... on InvalidInput {
      faults {
        path
        message
      }
    }
  }
}`;
}
