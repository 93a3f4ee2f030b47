/** What a font's name and its letters' widths tell about it. */
import type { Font } from './page.js'

const BOLD = /bold|black|heavy|demi|cmbx|cmssbx|-bd\b|medi$/i
const ITALIC = /ital|obliq|slanted|cmti|cmsl|-it\b/i
const MONO =
  /mono|monl?-|typewriter|lmtt|ectt|courier|consol|typewriter|cmtt|sftt|menlo|code|fixed|letter ?gothic|ocr-?b/i

export function fontOf(name: string): Font {
  const own = name.replace(/^[A-Z]{6}\+/, '')
  return { name: own, bold: BOLD.test(own), italic: ITALIC.test(own), mono: MONO.test(own) }
}

/** Widths of a font's small letters, by letter: those of typewriters are all the same. */
export class LetterWidths {
  readonly #widths = new Map<Font, Map<string, number>>()

  add(font: Font, text: string, width: number): void {
    if (!/^[a-z]$/.test(text)) return
    const known = this.#widths.get(font) ?? new Map<string, number>()
    this.#widths.set(font, known.set(text, width))
  }

  /** Marks the fonts of which enough letters, narrow and wide ones, are equally wide. */
  markMono(): void {
    for (const [font, widths] of this.#widths) {
      const has = (letters: string) => [...letters].some((letter) => widths.has(letter))
      if (widths.size >= 6 && has('ijlt') && has('mw') && new Set(widths.values()).size === 1)
        font.mono = true
    }
  }
}
