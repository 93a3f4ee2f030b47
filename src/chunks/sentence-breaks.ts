/** Which of Intl.Segmenter's sentence breaks are none: UAX #29 knows no abbreviations. */
import { isLineEnd } from './paragraphs.js'

interface Break {
  /** Where the sentence so far starts. */
  from: number
  /** The break in question. */
  stop: number
  /** The break after it. */
  next: number
  /** Where the line that the break stands on (or ends) starts. */
  lineStart: number
}

/** How far a rule looks to either side, in UTF-16 units. */
const REACH = 24
/** A shorter line that goes on in lower case is a list item, or code, more often than wrapped prose. */
const WRAPPED_LINE = 40
/** The same for Chinese, whose characters are twice as wide. */
const WRAPPED_HAN_LINE = 20

const ABBREVIATION =
  /(?:^|[^\p{L}\p{N}.])(?:Mrs?|Ms|Messrs|Drs?|Profs?|St|Rev|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|Hon|Pres|Mt|Ft|Fr|e\.g|i\.e|cf|viz|vs|ca|approx|esp|incl)\.$/u
const BEFORE_NUMBER =
  /(?:^|[^\p{L}\p{N}.])(?:[Nn]os?|[Ff]igs?|[Ee]qs?|[Ss]ecs?|[Cc]h|[Vv]ols?|[Pp]p?|[Aa]rt|[Rr]ef|[Tt]ab|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$/u
const NUMBER = /^[#(]?[A-Z]?\p{N}/u
/** `J.` of J. R. Tolkien, `S.` of the U.S. Navy, `al.` of Smith et al. */
const INITIAL = /(?:^|[^\p{L}\p{N}])(?:\p{Lu}|al)\.$/u
/** Words that rather start a sentence than follow an initial: "in the U.S. The president". */
const OPENER =
  /^(?:The|An?|In|It|He|She|We|They|This|That|These|Those|There|But|However|And|On|At|For|As|If|When|While|After|Before|Its|His|Her|Their)\s/
const LIST_MARKER = /^\(?(?:\p{N}{1,3}|\p{L}|[ivxIVX]{1,5})[.)]$/u
/** “What?” he asked. Yahoo! is a company. */
const EXCLAIMED = /[?!][\p{Pf}\p{Pe}"']*$/u

/** Of a Chinese text, which sets no blank behind it. */
const GLUED_ABBREVIATION =
  /(?:(?:^|[^\p{L}\p{N}])\p{Lu}|\.\p{Lu}|[^\p{L}](?:Inc|Ltd|Co|Corp|Jr|Sr|No|etc))\.$/u
/** `2.` of items in a row: 1. 概述 2. 方法 */
const ITEM_NUMBER = /[\s。；]\p{N}{1,3}\.$/u
/** “这是对的。”他说。 */
const SAID = /^\p{sc=Han}{1,5}?(?:说|說|道|问|問|答|喊)(?:道)?[。，！]/u
const CLOSED_QUOTE = /[。！？…][”’」』]$/u
/** How far a title or what is in brackets may go on, and how far back its opening mark is looked for. */
const BRACKETED = 100

/** Inside of 《》, and of brackets that a sentence holds, none ends: 《怎么办？》, 他（真的吗？）来了. Only Chinese marks count. */
function breaksBracketed(text: string, { from, stop }: Break, tail: string, head: string): boolean {
  if (!/[。！？][》〉）)]?$/u.test(tail) && !(/[.!?][》〉）)]$/u.test(tail) && /^\p{sc=Han}/u.test(head)))
    return false
  const start = Math.max(from, stop - BRACKETED)
  const before = text.slice(start, stop).trimEnd()
  const after = text.slice(stop, stop + BRACKETED)
  for (const [opening, closing] of [
    ['《', '》'],
    ['〈', '〉'],
    ['（', '）'],
    ['(', ')'],
  ] as const) {
    const opened = before.lastIndexOf(opening)
    // Brackets around a whole sentence are its own; a title may begin one.
    if (opened < 0 || ('（('.includes(opening) && start + opened === from)) continue
    const closed = before.indexOf(closing, opened)
    if (closed === before.length - 1) return true
    const next = after.indexOf(closing)
    if (closed < 0 && next >= 0 && !after.slice(0, next).includes(opening)) return true
  }
  return false
}

/** Whether the sentence goes on after the break. */
export function breaksWrongly(text: string, at: Break): boolean {
  const lineEnds = isLineEnd(text, at.stop)
  if (lineEnds && at.stop - at.lineStart < WRAPPED_HAN_LINE) return false
  const before = text.slice(Math.max(at.from, at.stop - REACH), at.stop)
  const tail = before.trimEnd()
  const head = text.slice(at.stop, Math.min(at.next, at.stop + REACH)).trimStart()
  if (lineEnds) return isWrappedProse(tail, head, at.stop - at.lineStart)
  if (breaksBracketed(text, at, tail, head)) return true
  if (CLOSED_QUOTE.test(tail)) return SAID.test(head)
  if (tail.endsWith('。')) return false
  if (EXCLAIMED.test(tail)) return /^\p{Ll}/u.test(head)
  if (!tail.endsWith('.') && !tail.endsWith(')')) return false
  if (before.length === at.stop - at.from && LIST_MARKER.test(tail.trimStart())) return true
  return abbreviates(tail, head)
}

function abbreviates(tail: string, head: string): boolean {
  if (/^\p{sc=Han}/u.test(head) && (GLUED_ABBREVIATION.test(tail) || ITEM_NUMBER.test(tail))) return true
  if (ABBREVIATION.test(tail)) return true
  if (BEFORE_NUMBER.test(tail)) return NUMBER.test(head)
  return INITIAL.test(tail) && /^\p{Lu}/u.test(head) && !OPENER.test(head)
}

/** Mail, RFCs and text out of PDF files break lines in the middle of sentences. */
function isWrappedProse(tail: string, head: string, lineLength: number): boolean {
  if (lineLength >= WRAPPED_LINE && /[\p{L}\p{N},;\p{Pd}]$/u.test(tail) && /^\p{Ll}/u.test(head)) return true
  return lineLength >= WRAPPED_HAN_LINE && /[\p{sc=Han}，、]$/u.test(tail) && /^\p{sc=Han}/u.test(head)
}
