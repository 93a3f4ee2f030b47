/**
 * How many of the trainer's tokens a row needs: `--max_len`. What goes beyond that is cut from the end of prompt and answer together, so
 * that an answer that is too long loses its end and the token that ends it, and one behind a prompt that fills max_len is lost as a whole:
 * no label is left, and the loss of such a row is NaN (openrlhf/datasets/sft_dataset.py, make_collate_fn).
 *
 * Measured with that function and the vocabulary of Mistral 7B: the system prompt, the chat template and what stands between
 * (models/modeling_clara.py, `_blend_…`) are a constant beside the texts. It is that of the slow tokenizer, which the fork uses; the fast one
 * has 2 fewer. In the last stage each question is padded to max_len besides: there a smaller one makes training cheaper.
 */
import type { Stage } from './stages.js'

/** Of their tokens that become one of memory: `--compress_rate`. */
export const COMPRESS_RATE = 32

/** Of one document in a prompt: its memory tokens and a separator; 9 of 256. */
export function docPlaces(docMaxLength: number): number {
  return Math.floor(docMaxLength / COMPRESS_RATE) + 1
}

/** Tokens of a prompt beside those of its texts and the places of its documents. */
const PROMPT = { questions: 47, paraphrase: 53, question: 39 }
/** Other base models have longer templates: of Qwen 3, whose special tokens are counted one by one, it is 15 more; their tokenizers may need some more for the system prompt. */
const OTHER_TEMPLATE = 24
/** After an answer: its end. */
const END = 1

/** What is to be counted of a row, whole texts: a text's tokens depend on what is before it. Special tokens part them from all else. */
interface CountedTexts {
  /** Of the prompt: empty where no text of the row is in it. */
  prompt: string
  /** That, and what is learnt. */
  whole: string
  /** Tokens of the prompt beside those of its texts and the places. */
  constant: number
}

/** @param questions none of a paraphrase, which has one answer. */
export function countedTexts(
  stage: Stage,
  questions: readonly string[],
  answers: readonly string[],
): CountedTexts {
  if (stage !== 'pretrain') {
    const prompt = `Question:${questions[0]} [/INST]`
    return { prompt, whole: `${prompt} ${answers[0]}`, constant: PROMPT.question }
  }
  if (questions.length === 0) return { prompt: '', whole: answers[0]!, constant: PROMPT.paraphrase }
  // All pairs of a document are one answer.
  const pairs = questions
    .slice(0, answers.length)
    .map((question, i) => `Question: ${question}\nAnswer: ${answers[i]}`)
  return { prompt: '', whole: pairs.join('\n'), constant: PROMPT.questions }
}

/** Tokens of a row beside the places of its documents. */
interface RowLength {
  prompt: number
  /** With the answer and its end. */
  whole: number
}

/**
 * @param prompt tokens of that text, and so `whole`.
 * @param mistral whether the base model is one with Mistral's vocabulary and template.
 */
export function rowLength(constant: number, prompt: number, whole: number, mistral: boolean): RowLength {
  const template = constant + (mistral ? 0 : OTHER_TEMPLATE)
  return { prompt: template + prompt, whole: template + whole + END }
}

/** `--max_len` of the trainer's scripts. */
const MAX_LEN: Record<Stage, number> = { pretrain: 2048, instruction: 2048, 'end-to-end': 1024 }
/** Beside the places of many documents a question and its answer have this much, with the template. */
const LEAST_TEXT = 512
const STEP = 64

/**
 * The `--max_len` that rows of a stage are checked against unless another is named: that of the trainer's scripts, or more where the places
 * of the documents leave too little of that. clara-pack gives longer rows their room, too; but then all rows of the last stage are padded to it.
 * @param places of all documents that the generator reads of a row.
 */
export function usualMaxLen(stage: Stage, places: number): number {
  return Math.max(MAX_LEN[stage], roundedUp(places + LEAST_TEXT))
}

/** Mistral 7B's. */
const POSITIONS = 32_768
const ASKED_MAX_LEN = 1024

/** What no row may exceed: an encoded question has three tokens and those of its memory beside max_len. */
export function largestMaxLen(docMaxLength: number): number {
  return Math.floor((POSITIONS - 3 - docMaxLength / COMPRESS_RATE) / STEP) * STEP
}

/**
 * The `--max_len` that rows are trained with: what the longest needs. In the first two stages nothing is padded to it, and it is not
 * below that of the trainer's scripts. In the last it is not below `doc_max_length`, at which questions are cut when the trained model is asked.
 * @param longest tokens of the longest row beside the places of its documents.
 * @param docs that the generator reads of each row: `--generation_top_k`.
 */
export function neededMaxLen(stage: Stage, longest: number, docs: number, docMaxLength: number): number {
  const least = stage === 'end-to-end' ? docMaxLength : MAX_LEN[stage]
  return Math.max(least, roundedUp(longest + docs * docPlaces(docMaxLength)))
}

/**
 * About how many documents a trained model can be asked: its own methods cut a prompt at 1,024 tokens, and stop where places of
 * documents are cut off (models/modeling_clara.py, `generate_from_questions`, `generate_from_text`).
 */
export function mostAsked(docMaxLength: number): number {
  return Math.floor((ASKED_MAX_LEN - PROMPT.question - OTHER_TEMPLATE) / docPlaces(docMaxLength))
}

/** `neededMaxLen` of the last stage as an expression of bash. */
export function maxLenExpression(longest: number, docs: string, docMaxLength: number): string {
  const needed = `(${longest} + ${docPlaces(docMaxLength)} * ${docs} + ${STEP - 1}) / ${STEP} * ${STEP}`
  return `${needed} > ${docMaxLength} ? ${needed} : ${docMaxLength}`
}

function roundedUp(tokens: number): number {
  return Math.ceil(tokens / STEP) * STEP
}
