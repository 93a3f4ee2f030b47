/** Which documents a name may mean that is no id: spelt otherwise, or without the folders before it. */
import { idKey } from '../documents/names.js'

/** @returns ids of documents, by the spelling where there are such, else those of files of that name. */
export function documentNames(ids: Iterable<string>): (name: string) => string[] {
  const spelt = new Map<string, string[]>()
  const byFile = new Map<string, string[]>()
  const add = (to: Map<string, string[]>, key: string, id: string) => {
    const known = to.get(key)
    if (known) known.push(id)
    else to.set(key, [id])
  }
  for (const id of ids) {
    const key = idKey(id)
    add(spelt, key, id)
    if (key.includes('/')) add(byFile, fileOf(key), id)
  }
  return (name) => {
    const key = idKey(name)
    const same = spelt.get(key)
    if (same) return same
    return byFile.get(fileOf(key))?.filter((id) => idKey(id).endsWith(`/${key}`)) ?? []
  }
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
