// The codegen.ts of a front end. Copy schema.graphql of the gateway's release into your project.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['src/**/*.tsx'],
  generates: {
    'src/gql/': {
      preset: 'client',
      config: {
        useTypeImports: true,
        enumsAsConst: true,
        // Without this line a scalar is `any`; with it a scalar that is new is an error.
        strictScalars: true,
        scalars: { DateTime: 'string', Cursor: 'string' },
      },
    },
    // `possibleTypes`, for Apollo Client: it cannot know which types an interface or a union has.
    'src/gql/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
};

export default config;
