/** When two texts are the same text. */
import { createHash } from 'node:crypto'

/** Unicode compatibility form, case and white space make no difference. */
export function normalise(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
}

/** Short key of the normalised text: equal keys, equal texts. */
export function textKey(text: string): string {
  return keyOf(normalise(text))
}

export function keyOf(normalised: string): string {
  return createHash('sha256').update(normalised).digest('base64url').slice(0, 22)
}
