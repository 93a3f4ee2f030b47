/** Text without the marks of Markdown and HTML: what a reader of the shown page reads. For comparisons alone. */
import { decodeHTMLStrict } from 'entities'

/** Letters and digits of scripts that part words by blanks: inside of their words `*` and `_` are no marks. */
const WORDY = '[\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}\\p{N}]'

const ENTITY = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});/
/** `&amp;#39;` is met as often as not where pages were saved twice. */
const ROUNDS_OF_ENTITIES = 2

/** @returns the text itself where it has no marks. */
export function withoutMarkup(text: string): string {
  let plain = text
  for (let round = 0; round < ROUNDS_OF_ENTITIES && mayHaveEntities(plain); round++)
    plain = decodeHTMLStrict(plain)
  if (plain.includes('<')) plain = withoutTags(plain)
  if (hasLineMarks(plain)) plain = plain.split('\n').map(plainLine).join('\n')
  if (INLINE_MARKS.test(plain)) plain = withoutInlineMarks(plain)
  return plain
}

const mayHaveEntities = (text: string) => text.includes('&') && ENTITY.test(text)

const INLINE_TAGS =
  'a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|rp|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr'
const BLOCK_TAGS =
  'address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|head|header|hr|html|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul'
/** Of names that HTML has: `List<String>` and `<id>` are none. */
const TAG = new RegExp(
  `<(/?)(?:(${INLINE_TAGS})|(?:${BLOCK_TAGS})|(img))(\\s[^<>]{0,2000})?/?>|<!--[^]{0,4000}?-->`,
  'gi',
)
const LINK_TAG = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/gi

function withoutTags(text: string): string {
  const tagless = text.replace(TAG, (tag, slash, inline, image, attributes = '', at: number) => {
    if (image) return /\balt\s*=\s*"([^"]*)"/i.exec(attributes)?.[1] ?? ' '
    if (!inline) return '\n'
    // A type's parameter, as in List<B>: nothing closes it.
    if (!slash && inline !== 'wbr' && /\w/.test(text[at - 1] ?? '') && !text.includes(`</${inline}`))
      return tag
    return !slash &&
      /^sup$/i.test(inline) &&
      /^[-+]?\d/.test(text.slice(at + tag.length, at + tag.length + 2))
      ? '^'
      : ''
  })
  return tagless.replace(LINK_TAG, '$1')
}

const BULLET = '[-*+•‣⁃◦▪▫■□●○◆◇►➢➤–—·]'
/** With what a line may begin that is a mark. */
const LINE_MARK = `[ \\t]*(?:${BULLET}[ \\t]|[-=_*+]{3}|[#>~\`[:(（①-⑳]|\\d{1,3}[.)、]|[A-Za-z]\\)|[一二三四五六七八九十]{1,3}、)`
const FIRST_MARK = new RegExp(`^${LINE_MARK}`)
const NEXT_MARK = new RegExp(`\\n${LINE_MARK}`)

function hasLineMarks(text: string): boolean {
  return text.includes('|') || FIRST_MARK.test(text) || (text.includes('\n') && NEXT_MARK.test(text))
}

const FENCE = /^\s*(?:`{3,}|~{3,})[\w+.-]*\s*$/
const RULE = /^[\s|:+]*(?:[-=*_][\s|:+]*){3,}$|^\s*\|(?:[\s:|]*-)+[\s:|]*$/
const DEFINITION = /^ {0,3}\[(?!\^)[^\]]{1,200}\]:\s+\S+(?:\s+["'(].*)?$/
const FOOTNOTE = /^\s*\[\^[^\]\s]{1,40}\]:\s*/
/** `> 5 mg` is a quantity. */
const QUOTE = /^(?:\s{0,3}>)+(?=\s+[^\s\d$€£¥]|\s*$)/
const HEADING = /^\s*#{1,6}\s+(.*?)(?:\s+#+)?\s*$/
const ITEM = new RegExp(
  `^\\s*(?:${BULLET}\\s+(?:\\[[ xX]\\]\\s+)?|\\d{1,3}\\)\\s+|[A-Za-z]\\)\\s+|[(（](?:\\d{1,3}|[一二三四五六七八九十]{1,3})[)）]\\s*(?=\\S)|[①-⑳]\\s*(?=\\S)|(?:\\d{1,3}|[一二三四五六七八九十]{1,3})、(?=\\S))`,
)
/** "1. FC Köln", "2. Weltkrieg" and "3. Mai 1904" are no items: what follows is short, or has a year. */
const NUMBERED = /^\s*\d{1,3}\.\s+(?!\p{L}+\.? \d{4}\b)(?=(?:\S+\s+){3}\S|[^ -~]{6})/u
const BARS = /^\s*\||\|\s*$|\s\|\s.*\s\|\s/

function plainLine(line: string): string {
  if (FENCE.test(line) || RULE.test(line) || DEFINITION.test(line)) return ''
  let plain = line.replace(FOOTNOTE, '').replace(QUOTE, '')
  plain = plain.replace(HEADING, '$1').replace(ITEM, '').replace(NUMBERED, '')
  return BARS.test(plain) ? plain.replace(/(?<!\\)\|/g, ' ') : plain
}

const INLINE_MARKS = /[*_`~\\[]|==/
/** What a Markdown link leads to: with one level of brackets, as Wikipedia's have, and a title. */
const TARGET =
  '\\(\\s*(?:<[^<>\\n]{0,2000}>|(?:[^()\\s]|\\([^()\\s]{0,200}\\)){0,2000})(?:\\s+["\'(][^\\n]{0,300}?["\')])?\\s*\\)'
const IMAGE = new RegExp(`!\\[([^\\[\\]]{0,500})\\]${TARGET}`, 'g')
const LINK = new RegExp(`\\[([^\\[\\]]{1,500})\\](${TARGET})`, 'g')
const REFERENCE = /(?<![\w)\]])\[([^[\]]*\p{L}[^[\]]*)\]\[[^[\]]{0,100}\]/gu
const WIKI_LINK = /\[\[(?:[^[\]|]{1,200}\|)?([^[\]|]{1,200})\]\]/g
/** `[^a-z]` is a class of characters. */
const FOOTNOTE_MARK = /(?<=[^\s[(\\])\[\^(?!\w-\w\])[\p{L}\p{N}_-]{1,40}\]/gu

/** Marks in pairs around what neither begins nor ends with a blank; `2**3**4`, between letters on both sides, is none. */
function strong(mark: string, inside: string): RegExp[] {
  const [before, after] = [`(?<![\\\\${mark.at(-1)}]`, `(?!${mark}`]
  const content = `(${mark})(?=\\S)(${inside}{1,600}?)(?<=[^\\s\\\\])${mark}`
  return [
    new RegExp(`${before}|${WORDY})${content}${after})`, 'gu'),
    new RegExp(`${before})${content}${after}|${WORDY})`, 'gu'),
  ]
}

/** Inside of a word none is a mark: snake_case, 2*3. */
function emphasis(mark: string): RegExp {
  const content = `(${mark}{1,3})(?=[^\\s${mark}])([^${mark}]{1,600}?)(?<=[^\\s\\\\])\\1`
  return new RegExp(`(?<![\\\\${mark}]|${WORDY})${content}(?!${mark}|${WORDY})`, 'gu')
}

const PAIRS: [string, RegExp[]][] = [
  ['**', strong('\\*\\*', '(?:[^*\\n]|\\*(?!\\*))')],
  ['~~', strong('~~', '[^~\\n]')],
  ['==', strong('==', '[^=\\n]')],
  ['*', [emphasis('\\*')]],
  ['_', [emphasis('_')]],
]
const ESCAPE = /\\([\\`*_{}[\]<>()#+.!|~&$"'%-])/g

function withoutInlineMarks(text: string): string {
  let plain = text
  if (plain.includes('](')) plain = plain.replace(IMAGE, '$1').replace(LINK, linkText)
  if (plain.includes('][')) plain = plain.replace(REFERENCE, '$1')
  if (plain.includes('[[')) plain = plain.replace(WIKI_LINK, '$1')
  if (plain.includes('[^')) plain = plain.replace(FOOTNOTE_MARK, '')
  for (const [mark, pairs] of PAIRS) {
    if (plain.includes(mark)) for (const marks of pairs) plain = plain.replace(marks, '$2')
  }
  if (plain.includes('`')) plain = plain.replace(/(?<=[A-Za-z])`(?=[A-Za-z])/g, "'").replace(/`/g, '')
  return plain.includes('\\') ? plain.replace(ESCAPE, '$1') : plain
}

/** `f[i](x)` is no link: in a word, and what it leads to is no address. */
function linkText(link: string, text: string, target: string, at: number, all: string): string {
  return /[\w)\]]/.test(all[at - 1] ?? '') && !/[/.#:]/.test(target) ? link : text
}
