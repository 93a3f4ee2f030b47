/** Which server parses in place of our own parsers. */
import { ClaraError } from '../errors.js'
import { doclingConverter } from '../extraction/docling.js'
import type { Converter } from '../extraction/parse-files.js'

export interface DoclingFlags {
  backend: 'built-in' | 'docling'
  doclingUrl?: string
}

/** @throws ClaraError `usage` for flags that do not go together, or an address that is none. */
export function doclingOf({ backend, doclingUrl }: DoclingFlags, timeoutMs: number): Converter | undefined {
  if (backend === 'built-in') {
    if (doclingUrl === undefined) return undefined
    throw new ClaraError('usage', '--docling-url goes with --backend docling')
  }
  if (doclingUrl === undefined) {
    throw new ClaraError('usage', '--backend docling needs --docling-url: http://localhost:5001')
  }
  return doclingConverter({ url: doclingUrl, timeoutMs, apiKey: process.env.DOCLING_SERVE_API_KEY })
}
