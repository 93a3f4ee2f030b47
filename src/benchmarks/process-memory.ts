/** What this process holds in memory, as Linux counts it. */
import { readFileSync } from 'node:fs'

export interface ProcessMemory {
  /** Pages in memory, those of mapped files counted. */
  resident_mib: number
  /** Of them those that no file backs: they cannot be dropped. */
  anonymous_mib: number
}

/** null where the system has no /proc. */
export function processMemory(): ProcessMemory | null {
  if (process.platform !== 'linux') return null
  const text = readFileSync('/proc/self/smaps_rollup', 'utf8')
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) / 102.4) / 10
  return { resident_mib: mib('Rss'), anonymous_mib: mib('Anonymous') }
}
