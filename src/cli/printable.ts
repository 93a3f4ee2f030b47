/**
 * Text of an input made fit for a terminal: what a terminal obeys, what reorders or hides text, and half a surrogate
 * pair are shown as they would be escaped in a program. All else comes through: accents, any script, emoji.
 *
 * https://www.unicode.org/reports/tr36/ (security), https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
 */

/** C0, C1, DEL, line and paragraph separators, surrogates; what is invisible (bidi, zero width, tags, fillers); U+FFF9 to U+FFFB. */
const HARMFUL = String.raw`[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]`

/** One selector picks a glyph; a second after it hides data. */
const SELECTOR = String.raw`\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}`
const ONE_SELECTOR = String.raw`(?<=[\p{L}\p{M}\p{S}\p{N}\p{P}])(?<![${SELECTOR}])[${SELECTOR}](?![${SELECTOR}])`

/** Joiners belong to emoji and to scripts whose letters join; between others they only make equal words differ. */
const UNJOINED = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Hebrew',
  'Armenian',
  'Georgian',
]
  .map((script) => String.raw`\p{Script=${script}}`)
  .join('')
const JOINER = String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=[\p{L}\p{M}])(?<![${UNJOINED}]\p{M}{0,3})[\u200c\u200d](?![\u200c\u200d])`

/** Where words have no blanks between them, this is where a line may be broken. */
const UNSPACED = ['Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan']
  .map((script) => String.raw`\p{Script=${script}}`)
  .join('')
const BREAK = String.raw`(?<=[${UNSPACED}])\u200b(?=[${UNSPACED}])`

/** The flags of England, Scotland and Wales are a black flag, the letters of the region, and an end. */
const FLAG = String.raw`(?<=\u{1f3f4})[\u{e0061}-\u{e007a}]{5}\u{e007f}`

const KEPT_OR_HARMFUL = new RegExp(`${ONE_SELECTOR}|${JOINER}|${BREAK}|${FLAG}|(${HARMFUL})`, 'gu')

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Of one line: a line end in it is shown, too. What it returns it leaves as it is. */
export function printable(line: string): string {
  return line.replace(KEPT_OR_HARMFUL, (found, harmful: string | undefined) =>
    harmful === undefined ? found : (SHORT[harmful] ?? escapesOf(harmful)),
  )
}

/** JSON of the same value, in which nothing is left that `printable` would change. */
export function printableJson(json: string): string {
  return json.replace(KEPT_OR_HARMFUL, (found, harmful: string | undefined) =>
    harmful === undefined ? found : escapesOf(harmful),
  )
}

/** By UTF-16 units, as JSON and JavaScript spell them. */
function escapesOf(text: string): string {
  return Array.from(
    { length: text.length },
    (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
}
