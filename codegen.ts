import type { CodegenConfig } from '@graphql-codegen/cli';

/** Prints the public contract (schema.graphql) and typed documents of `documents/`, which the demo, sandbox and tests use. */
const config: CodegenConfig = {
  schema: './src/schema/index.ts',
  documents: ['documents/*.graphql', 'documents/operations/*.graphql'],
  generates: {
    'schema.graphql': { plugins: ['schema-ast'] },
    'documents/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      config: {
        useTypeImports: true,
        enumsAsConst: true,
        strictScalars: true,
        scalars: { DateTime: 'string', Cursor: 'string' },
        emitLegacyCommonJSImports: false,
        importExtension: '.ts',
      },
    },
    'documents/gql/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
};

export default config;
