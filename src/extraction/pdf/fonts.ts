/** What a font's name and its letters' widths tell about it. */
import type { Font } from './page.js'

const BOLD = /bold|black|heavy|demi|cmbx|cmssbx|-bd\b|medi$/i
const ITALIC = /ital|obliq|slanted|cmti|cmsl|-it\b/i
const MONO = /mono|courier|consol|typewriter|cmtt|sftt|menlo|code|fixed|letter ?gothic|ocr-?b/i

export function fontOf(name: string): Font {
  const own = name.replace(/^[A-Z]{6}\+/, '')
  return { name: own, bold: BOLD.test(own), italic: ITALIC.test(own), mono: MONO.test(own) }
}
