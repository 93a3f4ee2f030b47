/** What the manifest counts as distinct chunks. */
import { createHash } from 'node:crypto'

/** Part of the format: the count of an index that was written before must come out again. White space and case make no difference. */
export function distinctKey(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
  return createHash('sha256').update(plain).digest('base64url').slice(0, 22)
}
