import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// The tests run the built code (imports of #clara/…), worker threads and all.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    globalSetup: ['test/support/cache.ts'],
    // Nothing of the user's own cache is read or written.
    env: { CLARA_CACHE_DIR: mkdtempSync(join(tmpdir(), 'clara-test-cache-')) },
  },
})
