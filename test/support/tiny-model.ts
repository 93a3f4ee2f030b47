/** Copies of the tiny models of test/fixtures/models, to be damaged. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const TINY = fileURLToPath(new URL('../fixtures/models/', import.meta.url))

/** A copy of a tiny model's folder, and changes of its files. */
export interface TinyCopy {
  path: string
  file(name: string): string
  write(name: string, content: string | Uint8Array): TinyCopy
  json(name: string, content: unknown): TinyCopy
  /** Changes a JSON file, or any file as bytes. */
  editJson(name: string, change: (content: Record<string, unknown>) => object): TinyCopy
  edit(name: string, change: (bytes: Buffer) => Uint8Array): TinyCopy
}

/** Copies a tiny model to a folder; `without` names files or folders that are left out. */
export function copyTiny(name: string, to: string, ...without: string[]): TinyCopy {
  const left = ['reference.json', ...without]
  cpSync(join(TINY, name), to, { recursive: true, filter: (path) => !left.includes(basename(path)) })
  const file = (each: string) => join(to, each)
  const copy: TinyCopy = {
    path: to,
    file,
    write(each, content) {
      writeFileSync(file(each), content)
      return copy
    },
    json: (each, content) => copy.write(each, JSON.stringify(content)),
    editJson: (each, change) => copy.json(each, change(JSON.parse(readFileSync(file(each), 'utf8')))),
    edit: (each, change) => copy.write(each, change(readFileSync(file(each)))),
  }
  return copy
}
