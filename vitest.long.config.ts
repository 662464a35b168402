import { configDefaults, mergeConfig } from 'vitest/config';
import base, { LONG } from './vitest.config.ts';

const { test } = base;

export default mergeConfig(
  { ...base, test: { ...test, include: [], exclude: [] } },
  { test: { include: LONG, exclude: configDefaults.exclude } },
);
