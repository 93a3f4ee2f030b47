import { defineConfig } from 'vitest/config'

// The tests run the built code (imports of #clara/…), worker threads and all.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
