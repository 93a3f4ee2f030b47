/** The C++ addon of native/: the one built here, else the one that was shipped. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../errors.js'

export interface Addon {
  readonly [name: string]: unknown
  /**
   * Sets a variable in the environment of the process unless it stands there, on whatever thread this is.
   * @returns what stands there then.
   */
  environmentDefault(name: string, value: string): string
}

type Loaded = { addon: Addon; from: string } | { missing: string }

const PLACES = ['build', `prebuilds/${process.platform}-${process.arch}`]

let loaded: Loaded | undefined

/** Looked for once. */
export function loadAddon(): Loaded {
  loaded ??= load()
  return loaded
}

function load(): Loaded {
  const require = createRequire(import.meta.url)
  const tried: string[] = []
  for (const place of PLACES) {
    const path = fileURLToPath(new URL(`../../native/${place}/clara-index.node`, import.meta.url))
    try {
      return { addon: current(require(path)), from: `native/${place}` }
    } catch (error) {
      tried.push(`native/${place}: ${reasonOf(error)}`)
    }
  }
  return { missing: `no addon could be loaded (${tried.join('; ')})` }
}

/** One built from a checkout before this has not all that is called. */
function current(addon: Partial<Addon>): Addon {
  if (typeof addon.environmentDefault === 'function') return addon as Addon
  throw new Error('built from older sources: npm run build:native')
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return 'not there'
  return messageOf(error).split('\n')[0]!
}
