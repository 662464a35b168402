import '../require-node.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { allOperations } from '../simulator/actions/all-operations.ts';
import type { OperationExample } from '../simulator/actions/define-operation.ts';
import type { Operation } from '../src/operations/define-operation.ts';
import { OPERATIONS } from '../src/operations/index.ts';

/**
 * Writes the GraphQL documents of each carrier operation: one for programs, and the sandbox's example with its variables. The
 * simulated carrier has the examples, because they name its devices.
 */

const FOLDER = new URL('../documents/', import.meta.url);

/** A billing account of the simulated carrier. */
const ACCOUNT = '0868924207-00001';

await mkdir(new URL('operations/', FOLDER), { recursive: true });
for (const [at, operation] of OPERATIONS.entries()) {
  const file = operation.name.toLowerCase().replaceAll('_', '-');
  // Somebody new goes through the tabs of GraphiQL in the order of their names: the first mutation, following it, the others.
  const name = `examples/${at === 0 ? 1 : 3}-${file}`;
  await write(`operations/${file}.graphql`, programDocument(operation));
  const example = exampleOf(operation);
  await write(`${name}.graphql`, exampleDocument(operation, example));
  await write(`${name}.variables.json`, JSON.stringify({ input: { accountName: ACCOUNT, ...example.input } }, null, 2));
}

function exampleOf({ path }: Operation): OperationExample {
  const simulated = allOperations.find((each) => each.path === `/api${path}`);
  if (!simulated) throw new Error(`No file of simulator/operations has the path /api${path}.`);
  return simulated.example;
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

function exampleDocument({ typeName, mutation }: Operation, { about }: OperationExample): string {
  return `${about.map((line) => `# ${line}`.trimEnd()).join('\n')}
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
