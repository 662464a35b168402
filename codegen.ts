import type { CodegenConfig } from '@graphql-codegen/cli';

/** Prints the public contract (schema.graphql) and typed documents of `operations/`, which the demo, sandbox and tests use. */
const config: CodegenConfig = {
  schema: './src/schema/index.ts',
  documents: ['operations/*.graphql'],
  generates: {
    'schema.graphql': { plugins: ['schema-ast'] },
    'operations/gql/': {
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
    'operations/gql/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
};

export default config;
