/** Prompts as text with placeholders: those that come along, or a user's own. */

import { ClaraError } from '../errors.js'
import { readSmallText } from '../files/open-source.js'
import { type Language, otherThan } from './language.js'
import { PAIR_TYPES, type PairType } from './pair-types.js'
import { ENGLISH, ENGLISH_ANSWERS, ENGLISH_TYPES } from './prompts/en.js'
import { MULTI_HOP } from './prompts/multi-hop.js'
import { CHINESE, CHINESE_ANSWERS, CHINESE_TYPES } from './prompts/zh.js'

export const PROMPT_LANGUAGES = ['auto', 'en', 'zh'] as const
export type PromptLanguage = (typeof PROMPT_LANGUAGES)[number]

/** Whose language the answer to a cross-lingual question is in. */
export const ANSWERS_IN = ['question', 'passage'] as const
export type AnswersIn = (typeof ANSWERS_IN)[number]

interface Template {
  text: string
  /** How a type is explained; `{other}` stands for the language that the passage is not in. */
  types: Record<PairType, string>
  /** What is said of answers to cross-lingual questions, where they are in the question's language. */
  answers: string
  /** Names of the languages, in the template's own. */
  names: Record<Language, string>
}

const TEMPLATES: Record<Language, Template> = {
  en: {
    text: ENGLISH,
    types: ENGLISH_TYPES,
    answers: ENGLISH_ANSWERS,
    names: { en: 'English', zh: 'Chinese' },
  },
  zh: { text: CHINESE, types: CHINESE_TYPES, answers: CHINESE_ANSWERS, names: { en: '英文', zh: '中文' } },
}

/** What is put in their places. Braces around anything else are left alone, as those of JSON. */
const PLACEHOLDERS = ['token', 'count', 'pairs'] as const
const PLACEHOLDER = /\{([a-z_]+)\}/g
const REQUIRED = ['token', 'pairs'] as const
const MAX_CHARS = 100_000

/**
 * A user's own prompt, which takes the place of both that come along.
 * @throws ClaraError `input` where it cannot be read, or a placeholder is missing or unknown.
 */
export async function readTemplate(path: string): Promise<string> {
  const text = await readSmallText(path)
  const found = Array.from(text.matchAll(PLACEHOLDER), ([, name]) => name!)
  const wrong = (why: string) => new ClaraError('input', `${path}: ${why}`)
  if (text.length > MAX_CHARS) throw wrong(`over ${MAX_CHARS} characters: that is no prompt`)
  for (const name of REQUIRED) {
    if (!found.includes(name)) throw wrong(`{${name}} is missing: a prompt needs {token} and {pairs}`)
  }
  const unknown = found.find((name) => !PLACEHOLDERS.some((known) => known === name))
  if (unknown) throw wrong(`{${unknown}} is unknown: a prompt may hold {token}, {count} and {pairs}`)
  return text
}

/** @param own a user's prompt; its types are explained in the language that is chosen. */
export function templateFor(
  language: Language | undefined,
  wanted: PromptLanguage,
  own: string | undefined,
): Template {
  const template = TEMPLATES[wanted === 'auto' ? (language ?? 'en') : wanted]
  return own === undefined ? template : { ...template, text: own }
}

/** A user's own prompt is for single passages. */
export function multiHopTemplate(language: Language | undefined, wanted: PromptLanguage): Template {
  const chosen = wanted === 'auto' ? (language ?? 'en') : wanted
  return { ...TEMPLATES[chosen], text: MULTI_HOP[chosen] }
}

/** The system prompt but for its token. */
export function fillTemplate(
  { text, types, answers, names }: Template,
  asked: PairType[],
  language: Language | undefined,
  answersIn: AnswersIn = 'passage',
): string {
  const other = names[language ? otherThan(language) : 'en']
  const lines = PAIR_TYPES.flatMap((type) => {
    const count = asked.filter((each) => each === type).length
    const line = type === 'cross-lingual' && answersIn === 'question' ? types[type] + answers : types[type]
    return count === 0 ? [] : [`- ${count} × ${line.replaceAll('{other}', other)}`]
  })
  return text.replace(PLACEHOLDER, (whole, name) => {
    if (name === 'count') return String(asked.length)
    return name === 'pairs' ? lines.join('\n') : whole
  })
}
