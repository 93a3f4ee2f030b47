/** What is wrong with a text that a model wrote, whatever it says: characters, links, code, names, placeholders. */
import { foldCharacters } from '../../text/fold.js'
import type { Passage } from './passage.js'
import { PLACEHOLDERS } from './words.js'

export type TextFault =
  | 'a character that does not belong'
  | 'a link, address or code that the passage does not have'
  | 'a name that the passage does not have'
  | 'a placeholder'

/** Control characters but newline and tab, halves of surrogate pairs, private ones, tags, marks that turn text around. */
const NEVER = /[^\P{Cc}\n\t]|[\p{Cs}\p{Co}\p{Cn}\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E0FFF}]/u
/** Zero-width joiners and their like: writing of their own in some scripts. */
const INVISIBLE = /\p{Cf}/gu

/** Never, whatever the passage has: it would run, or load, where the data is shown. */
const ACTIVE =
  /<\s*\/?\s*(?:script|img|iframe|svg|object|embed|style|link|meta|form)\b|!\[[^\]]*\]\(|javascript:|data:[a-z]+\/|\bon(?:error|load|click) ?=/i

/** Fine where the passage has the same. */
const LINK_OR_CODE =
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>，。；）)]+|\bwww\.[^\s"'<>，。；）)]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|cn|ai|xyz|info|example|test|evil)\b(?:\/\S*)?|```|\]\([^)]*\)|<\/?[a-z][^>]{0,80}>|\$\{|\{\{|\b(?:eval|exec|system|require|import|curl|wget|sudo)\b ?\(/gi

/**
 * Words that no language has: letters with digits, capitals inside or five in a row, underscores. "30-step", "mid-18th"
 * and "1960s" are none.
 */
const NAME =
  /\b(?!\d+(?:-[A-Za-z]+)+\b|(?:[A-Za-z]+-)?\d+(?:st|nd|rd|th|s)\b)(?=[\w-]*[A-Za-z])(?=[\w-]*\d)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b|\b\w+_\w+\b|\b[A-Za-z]*[a-z][A-Z]\w*\b|\b[A-Z]{5,}\b|\b[A-Z]{3,}(?:-[A-Z0-9]+)+\b/g

/** @param passages what the text is about; the text may have what one of them has. */
export function textFaults(text: string, passages: Passage[]): TextFault[] {
  const folded = foldCharacters(text)
  const has = (part: string) => passages.some((passage) => passage.characters.includes(foldCharacters(part)))
  const faults: TextFault[] = []
  const invisible = text.match(INVISIBLE) ?? []
  if (
    NEVER.test(text) ||
    invisible.some((each) => !passages.some((passage) => passage.text.includes(each)))
  ) {
    faults.push('a character that does not belong')
  }
  if (ACTIVE.test(text) || (text.match(LINK_OR_CODE) ?? []).some((part) => !has(part))) {
    faults.push('a link, address or code that the passage does not have')
  }
  if ((text.normalize('NFKC').replace(INVISIBLE, '').match(NAME) ?? []).some((name) => !has(name))) {
    faults.push('a name that the passage does not have')
  }
  if (PLACEHOLDERS.some((pattern) => pattern.test(folded))) faults.push('a placeholder')
  return faults
}
