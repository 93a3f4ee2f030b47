/** A folder of its own for each test of a file, removed afterwards. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

export interface TestDirectory {
  path: string
  /** Writes a file in it, folders and all, and gives back its path. */
  write(name: string, content: string | Uint8Array): Promise<string>
}

export function useDirectory(): TestDirectory {
  const directory: TestDirectory = {
    path: '',
    async write(name, content) {
      const path = join(directory.path, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
      return path
    },
  }
  beforeEach(async () => {
    directory.path = await mkdtemp(join(tmpdir(), 'clara-test-'))
  })
  afterEach(() => rm(directory.path, { recursive: true, force: true }))
  return directory
}

/** JSON Lines; a string is a line as it is. */
export function jsonl(...lines: (object | string)[]): string {
  return lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
}
