import SchemaBuilder from '@pothos/core';
import type { GraphContext } from './context.ts';

/** The one Pothos builder. Fields are non-null unless they say otherwise. A DateTime is a number of milliseconds on our side. */
export const builder = new SchemaBuilder<{
  Context: GraphContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: number; Output: number };
    Cursor: { Input: string; Output: string };
  };
}>({ defaultFieldNullability: false });
