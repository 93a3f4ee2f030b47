/** Which document of an index one that comes is: by its id however it is spelt, and by the path of its file. */
import type { Document } from '../documents/document.js'
import { idKey } from '../documents/names.js'
import { type DocumentRecord, keyOf } from './document-table.js'

interface Recognised {
  /** With the id that the index has, or is to have: one that is there stays what it was. */
  document: Document
  before: DocumentRecord | undefined
  /** Its name is that of another file. */
  isApart?: boolean
}

/** By id; ids that differ in spelling only are told apart by it where the index has both. */
export class KnownDocuments {
  #exact: Map<string, DocumentRecord>
  #spelt = new Map<string, DocumentRecord | undefined>()

  constructor(records: DocumentRecord[]) {
    this.#exact = new Map(records.map((record) => [record.id, record]))
    for (const record of records) {
      const key = idKey(record.id)
      this.#spelt.set(key, this.#spelt.has(key) ? undefined : record)
    }
  }

  get(id: string): DocumentRecord | undefined {
    return this.#exact.get(id) ?? this.#spelt.get(idKey(id))
  }

  /** A file of another path than the one that has its name gets its path for an id: it does not take the place of the other. */
  recognise(document: Document): Recognised {
    const { id, path, name } = document
    const named = this.get(id)
    if (named && (isSame(named, document) || path === undefined)) return as(named, document)
    const byPath = path === undefined ? undefined : this.get(path)
    if (byPath) return as(byPath, document)
    // An index that was built when the name was of one file only.
    const byName = name === undefined ? undefined : this.get(name)
    if (byName && !named && isSame(byName, document, id)) return as(byName, document)
    if (!named) return { document, before: undefined }
    const { path: _, ...rest } = document
    return { document: { ...rest, id: path!, name: id }, before: undefined, isApart: true }
  }
}

function as(before: DocumentRecord, document: Document): Recognised {
  return { document: before.id === document.id ? document : { ...document, id: before.id }, before }
}

/** The same file, or a copy of it. An index of before, or records without paths, do not say. */
function isSame(before: DocumentRecord, document: Document, path = document.path): boolean {
  if (before.sha256 === keyOf(document).sha256) return true
  if (before.path === undefined) return document.name === undefined
  return path === undefined || isPathOf(idKey(before.path), idKey(path))
}

/** Equal, or one of them from further up. */
function isPathOf(a: string, b: string): boolean {
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`)
}
