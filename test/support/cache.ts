import { rm } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'

/** The tests' own cache, named in vitest.config, goes when they end. */
export default function setup({ config }: TestProject) {
  return () => rm(config.env.CLARA_CACHE_DIR!, { recursive: true, force: true })
}
