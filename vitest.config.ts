import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // Node strips the types itself: what is tested is what runs, module for module.
    experimental: { viteModuleRunner: false },
  },
});
