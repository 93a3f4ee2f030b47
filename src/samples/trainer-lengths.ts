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

/** Of one document in a prompt: `doc_max_length / compress_rate`, 256 / 32, memory tokens and a separator. */
export const DOC_PLACES = 9

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
 * @param docs that the generator reads of each row: `--generation_top_k`.
 */
export function usualMaxLen(stage: Stage, docs: number): number {
  return Math.max(MAX_LEN[stage], roundedUp(docs * DOC_PLACES + LEAST_TEXT))
}

/** Positions of Mistral 7B's, less what an encoded question has beside max_len: three tokens and eight of memory. */
const ROOM = 32_768 - 11
/** What no row may exceed. */
export const LARGEST_MAX_LEN = Math.floor(ROOM / STEP) * STEP
const ASKED_MAX_LEN = 1024
/** Questions are cut at so many tokens when the trained model is asked (`doc_max_length`): none is trained with less. */
const LEAST_MAX_LEN = 256

/**
 * The `--max_len` that rows are trained with: what the longest needs. In the first two stages nothing is padded to it, and it is not
 * below that of the trainer's scripts.
 * @param longest tokens of the longest row beside the places of its documents.
 * @param docs that the generator reads of each row: `--generation_top_k`.
 */
export function neededMaxLen(stage: Stage, longest: number, docs: number): number {
  const least = stage === 'end-to-end' ? LEAST_MAX_LEN : MAX_LEN[stage]
  return Math.max(least, roundedUp(longest + docs * DOC_PLACES))
}

/**
 * Whether a trained model can be asked about so many documents: its own methods cut a prompt at 1,024 tokens, and stop where places of
 * documents are cut off (models/modeling_clara.py, `generate_from_questions`, `generate_from_text`).
 */
export function canBeAsked(docs: number): boolean {
  return PROMPT.question + OTHER_TEMPLATE + docs * DOC_PLACES <= ASKED_MAX_LEN
}

/** `neededMaxLen` of the last stage as an expression of bash. */
export function maxLenExpression(longest: number, docs: string): string {
  const needed = `(${longest} + ${DOC_PLACES} * ${docs} + ${STEP - 1}) / ${STEP} * ${STEP}`
  return `${needed} > ${LEAST_MAX_LEN} ? ${needed} : ${LEAST_MAX_LEN}`
}

function roundedUp(tokens: number): number {
  return Math.ceil(tokens / STEP) * STEP
}
