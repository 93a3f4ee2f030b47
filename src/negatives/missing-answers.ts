/** Whether answers are in the documents that are named for them: ids of another corpus, or shifted by a line, name real documents, too. */
import { ClaraError } from '../errors.js'
import { isTranslated, supportFor } from '../questions/answer-support.js'
import type { Question } from '../questions/question.js'
import { statesAnswer } from '../text/find-answer.js'
import { foldText } from '../text/fold.js'
import { KeyTable, keyOfText } from '../text/key-table.js'
import type { Corpus } from './corpus.js'
import type { Positives } from './positives.js'

/** Of its words: an answer with fewer in the document is nowhere in it … */
const NOWHERE = 0.2
/** … and with fewer than half it may be there by chance, short ones of Chinese above all. */
const BY_CHANCE = 0.5
/** Of so many different answers most are to be there: fewer may be odd ones. */
const ENOUGH_ANSWERS = 10
/** Answers in one's own words have more of them in their document than in another; those of a wrong one do not. */
const LEAST_LIFT = 2
const LEAST_DIFFERENCE = 0.05
const LINES_NAMED = 10
/** A document of more chunks is taken to have it. */
const MOST_CHUNKS = 1000

export class MissingAnswers {
  #seen = new KeyTable()
  /** Different answers, of those the ones that may be there by chance, and shares of their words: in their documents, in others. */
  #different = 0
  #byChance = 0
  #own = 0
  #other = 0
  #lines: number[] = []
  #path = ''
  #others: string[] = []
  /** All with an answer, and those whose answer is nowhere. */
  answers = 0
  missing = 0
  /** Those in the question's language where the documents are in another: they cannot be looked for. */
  translated = 0

  async add(question: Question, found: Positives, corpus: Corpus): Promise<void> {
    const { answer, line, path } = question
    if (answer === '') return
    this.answers++
    this.#path = path
    const key = keyOfText(foldText(answer))
    // One that many lines have, like "see the document", says nothing about each of them.
    const isNew = this.#seen.get(key) === 0
    this.#seen.set(key, 1)
    const chosen = found.positives.map(({ chunk, text }) => chunk?.folded ?? foldText(text))
    if (chosen.some(statesAnswer(answer))) {
      if (isNew) this.#different++
      return this.#remember(chosen)
    }
    const texts = await textsOf(found, chosen, corpus)
    if (isTranslated(question.question, answer, texts ?? chosen) && !texts?.some(statesAnswer(answer))) {
      this.translated++
      return this.#remember(texts ?? chosen)
    }
    if (isNew) this.#different++
    const share = texts ? supportFor(answer, texts) : 1
    if (share < NOWHERE) {
      this.missing++
      if (this.#lines.length < LINES_NAMED) this.#lines.push(line)
    }
    if (isNew && share < BY_CHANCE) {
      this.#byChance++
      this.#own += share
      this.#other += this.#others.length > 0 ? supportFor(answer, this.#others) : 0
    }
    this.#remember(texts ?? chosen)
  }

  /** Of the question before, for the next one to be compared with. */
  #remember(texts: string[]): void {
    this.#others = texts.slice(0, 8)
  }

  /** @throws ClaraError `input` where most answers so far are in their documents no more than in others. */
  requireMost(): void {
    const most = this.#different >= ENOUGH_ANSWERS && this.#byChance * 2 > this.#different
    if (!most || this.#own > LEAST_LIFT * this.#other + LEAST_DIFFERENCE * this.#byChance) return
    throw new ClaraError(
      'input',
      `${this.#path}: ${this.#byChance} of the first ${this.#different} different answers are not in the documents that their lines name (${this.#named()}), ` +
        'no more than in others: look whether "doc_id" or "positive" belong to these questions, and the ids to this corpus; --force goes on all the same',
    )
  }

  warning(): string | undefined {
    if (this.missing === 0) return undefined
    const are = this.missing === 1 ? 'answer is' : 'answers are'
    return `warning: ${this.#path}: ${this.missing} of ${this.answers} ${are} nowhere in the document that is named (${this.#named()})`
  }

  /** What mining cannot know of them. */
  remark(): string | undefined {
    if (this.translated === 0) return undefined
    const are = this.translated === 1 ? 'answer is' : 'answers are'
    return `${this.#path}: ${this.translated} of ${this.answers} ${are} in another language than the documents: neither there nor in negatives can they be looked for (docs/mining.md)`
  }

  #named(): string {
    const more = this.missing > this.#lines.length ? ', …' : ''
    return `line${this.missing === 1 ? '' : 's'} ${this.#lines.join(', ')}${more}`
  }
}

/** Of all that the line names: the whole document, where it names a chunk. `undefined` of a document that is too large. */
async function textsOf(
  { related }: Positives,
  chosen: string[],
  corpus: Corpus,
): Promise<string[] | undefined> {
  const positions = new Set<number>()
  for (const named of related) {
    if (positions.has(named)) continue
    const { documentId } = await corpus.read(named)
    for (const position of corpus.find(documentId)) positions.add(position)
    if (positions.size > MOST_CHUNKS) return undefined
  }
  const chunks = await Promise.all([...positions].map((position) => corpus.read(position)))
  return [...chosen, ...chunks.map(({ folded }) => folded)]
}
