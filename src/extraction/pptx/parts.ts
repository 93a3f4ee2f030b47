/** The parts of an office archive and how they refer to each other (ECMA-376-2, "Relationships"). */
import { posix } from 'node:path'
import { ClaraError } from '../../errors.js'
import type { Archive } from '../zip.js'
import { parseXml, type XmlNode } from './xml.js'

export interface Part {
  /** In the archive: `ppt/slides/slide1.xml`. */
  name: string
  root: XmlNode
  /** Names of other parts by the ids that this one uses for them; those outside of the archive are left out. */
  relations: ReadonlyMap<string, Relation>
}

interface Relation {
  /** The last word of its type: `slideLayout`, `image`. */
  type: string
  target: string
}

/** Reads each part once. */
export class Parts {
  readonly #archive: Archive
  readonly #read = new Map<string, Part>()

  constructor(archive: Archive) {
    this.#archive = archive
  }

  /** @throws ClaraError `input` if it is not there or no XML. */
  part(name: string): Part {
    const bytes = this.#archive.get(name)
    if (!bytes) throw new ClaraError('input', `${name} is missing in the archive`)
    const known = this.#read.get(name)
    if (known) return known
    const part = { name, root: parseXml(bytes, name), relations: this.#relations(name) }
    this.#read.set(name, part)
    return part
  }

  /** As `part`, for those that a presentation can do without. */
  partIfWhole(name: string | undefined): Part | undefined {
    if (name === undefined || !this.#archive.has(name)) return undefined
    try {
      return this.part(name)
    } catch (error) {
      if (error instanceof ClaraError) return undefined
      throw error
    }
  }

  /** What the archive is a package of: the part that its first relations call the document. */
  document(): Part {
    const name = [...this.#relations('').values()].find(({ type }) => type === 'officeDocument')?.target
    if (name === undefined) throw new ClaraError('input', 'an archive, but no office document')
    return this.part(name)
  }

  bytes(name: string): Uint8Array | undefined {
    return this.#archive.get(name)
  }

  #relations(name: string): Map<string, Relation> {
    const folder = posix.dirname(name)
    const bytes = this.#archive.get(posix.join(folder, '_rels', `${posix.basename(name)}.rels`))
    const relations = new Map<string, Relation>()
    if (!bytes) return relations
    for (const { attributes } of parseXml(bytes, `${name}'s relations`).children) {
      const [id, type, target] = [attributes.get('Id'), attributes.get('Type'), attributes.get('Target')]
      if (!id || !type || !target || attributes.get('TargetMode') === 'External') continue
      const absolute = target.startsWith('/') ? target.slice(1) : posix.join(folder, target)
      relations.set(id, { type: type.slice(type.lastIndexOf('/') + 1), target: absolute })
    }
    return relations
  }
}

/** The part that one refers to by a type of which it has but one. */
export function related(part: Part | undefined, type: string): string | undefined {
  for (const relation of part?.relations.values() ?? []) if (relation.type === type) return relation.target
  return undefined
}
