/** Equal inputs go through the model once. */
import { createHash } from 'node:crypto'

/** How many of the latest are remembered: a bound on memory, whatever the size of a corpus. */
const REMEMBERED = 8192

interface Place {
  /** Of a whole call, row-major. */
  values: Promise<Float32Array>
  row: number
}

/** @returns for each key what `compute` gives for the first input of that key, row-major. */
type Once = (keys: string[], compute: (rows: number[]) => Promise<Float32Array>) => Promise<Float32Array>

/** @param size numbers a row. */
export function createOnce(size: number): Once {
  const recent = new Map<string, Place>()
  const once: Once = async (keys, compute) => {
    const digests = keys.map(digestOf)
    const places = new Map<string, Place>()
    const fresh: number[] = []
    for (const [i, digest] of digests.entries()) {
      const known = recent.get(digest)
      if (known) places.set(digest, known)
      else if (!places.has(digest)) places.set(digest, { values: NONE, row: fresh.push(i) - 1 })
    }
    const values = fresh.length > 0 ? compute(fresh) : NONE
    for (const place of places.values()) if (place.values === NONE) place.values = values
    remember(recent, places)
    try {
      return await gather(digests, places, size)
    } catch {
      for (const digest of places.keys()) recent.delete(digest)
      await values // what failed of this call's own
      return once(keys, compute) // else it was a call beside this one, whose error names its own inputs
    }
  }
  return once
}

/** Of the code units as they are: UTF-8 has one character for all surrogates that stand alone. */
function digestOf(key: string): string {
  return createHash('sha256').update(key, 'utf16le').digest('base64')
}

const NONE = Promise.resolve(new Float32Array(0))

function remember(recent: Map<string, Place>, places: Map<string, Place>): void {
  for (const [digest, place] of places) {
    recent.delete(digest)
    recent.set(digest, place)
  }
  for (const digest of recent.keys()) {
    if (recent.size <= REMEMBERED) break
    recent.delete(digest)
  }
}

async function gather(digests: string[], places: Map<string, Place>, size: number): Promise<Float32Array> {
  const rows = new Float32Array(digests.length * size)
  for (const [i, digest] of digests.entries()) {
    const { values, row } = places.get(digest)!
    rows.set((await values).subarray(row * size, (row + 1) * size), i * size)
  }
  return rows
}
