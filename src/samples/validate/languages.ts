/** In which languages rows ask, answer and tell, where there are two. */
import { isTranslated } from '../../questions/answer-support.js'
import { LANGUAGES, type Language, languageOf } from '../../questions/language.js'
import type { Content } from './content.js'
import type { CheckedRow } from './row.js'
import type { TextFacts } from './texts.js'

type LanguageCounts = Record<Language | 'other', number>

/** Rows by language; `other`: neither of the two, or a text without words, as a number. */
export interface LanguageReport {
  questions: LanguageCounts
  answers: LanguageCounts
  /** Of the first positive. */
  positives: LanguageCounts
  /** Rows whose question is in one language and whose first positive in the other. */
  crossLingual: number
  /** Rows whose answer is in the question’s language and the positives in the other: its words cannot be looked for. */
  translatedAnswers: number
}

const none = (): LanguageCounts => ({ en: 0, zh: 0, other: 0 })

export class Languages {
  #report = {
    questions: none(),
    answers: none(),
    positives: none(),
    crossLingual: 0,
    translatedAnswers: 0,
  } satisfies LanguageReport
  #known = new WeakMap<TextFacts, Language | 'other'>()

  add({ questions: [question] = [], answers: [answer] = [] }: CheckedRow, content: Content): void {
    const positives = content.positives.map((i) => content.docs[i]!)
    if (question === undefined || answer === undefined || positives.length === 0) return
    const asked = languageOf(question) ?? 'other'
    const told = this.#languageOf(positives[0]!)
    const report = this.#report
    report.questions[asked]++
    report.answers[languageOf(answer) ?? 'other']++
    report.positives[told]++
    if (asked === told || asked === 'other' || told === 'other') return
    report.crossLingual++
    const texts = positives.map(({ folded }) => folded)
    if (isTranslated(question, answer, texts)) report.translatedAnswers++
  }

  /** `null` where no two languages meet. */
  report(): LanguageReport | null {
    const { questions, answers, positives } = this.#report
    const all = [questions, answers, positives]
    return LANGUAGES.every((language) => all.some((counts) => counts[language] > 0)) ? this.#report : null
  }

  #languageOf(facts: TextFacts): Language | 'other' {
    let language = this.#known.get(facts)
    if (language === undefined) {
      language = languageOf(facts.folded) ?? 'other'
      this.#known.set(facts, language)
    }
    return language
  }
}
