/** `--embedder auto`: which of the two models that come with the package, by the languages of the first passages. */
import { requireArgument, stream } from '../arguments.js'
import { passageOf } from '../chunks/chunk.js'
import type { Document } from '../documents/document.js'
import {
  BILINGUAL_EMBEDDER,
  DEFAULT_EMBEDDER,
  type EmbedderModel,
  resolveEmbedder,
} from '../models/resolve.js'
import { unreadBy } from '../text/unread.js'

/** Read of a corpus before anything is embedded. */
const PASSAGES = 2000
/** Of one document, spread over it: a long book at the start is not all that counts. */
const PASSAGES_OF_DOCUMENT = 8
/** A passage as chunks have them, about 256 tokens of English. */
const CHARACTERS = 1000
/** Of a passage's words, so many must be Chinese: names and quotations in an English text are not. */
const CHINESE_WORDS = 0.3
/**
 * Of the passages: below, a better ranking of Chinese ones does not outweigh what English topics lose by the bilingual model (see
 * docs/models.md), and it takes twice the time.
 */
const CHINESE_PASSAGES = 0.02

export interface ChosenEmbedder {
  model: EmbedderModel
  /** In words, for the manifest. */
  why: string
}

/**
 * English alone: `all-minilm-l6-v2`; Chinese, or both: `multilingual-e5-small-en-zh`. The same documents in the same order give the
 * same choice. Where neither reads most of them, it is the first, and `buildIndex` says what does.
 * @param documents the first 2,000 passages are read of them and no more: of a generator, pass one of its own.
 */
export async function chooseEmbedder(
  documents: AsyncIterable<Pick<Document, 'title' | 'text'>>,
): Promise<ChosenEmbedder> {
  requireArgument('chooseEmbedder: documents', documents, stream)
  const [english, bilingual] = await autoEmbedders()
  const isForeign = unreadBy(english.card.languages, CHINESE_WORDS)!
  const isOther = unreadBy(bilingual.card.languages, CHINESE_WORDS)!
  const counts = { passages: 0, chinese: 0, other: 0 }
  let whole = true
  for await (const document of documents) {
    if (counts.passages >= PASSAGES) {
      whole = false
      break
    }
    for (const passage of passagesOf(passageOf(document))) {
      counts.passages++
      if (!isForeign(passage)) continue
      if (isOther(passage)) counts.other++
      else counts.chinese++
    }
  }
  const { passages, chinese, other } = counts
  const isMixed = chinese > 0 && chinese >= CHINESE_PASSAGES * passages && chinese >= other
  const others = other > 0 ? `, ${other} in writing that is neither Chinese nor Latin` : ''
  const why = `${chinese} of ${whole ? 'the' : 'the first'} ${passages} passages ${chinese === 1 ? 'is' : 'are'} Chinese${others}`
  return { model: isMixed ? bilingual : english, why }
}

/** What `auto` may come to. */
export function autoEmbedders(): Promise<[EmbedderModel, EmbedderModel]> {
  return Promise.all([resolveEmbedder(DEFAULT_EMBEDDER), resolveEmbedder(BILINGUAL_EMBEDDER)])
}

/** Parts of about the same length: all of them, or some that are spread over the text. */
function* passagesOf(text: string): Generator<string> {
  const count = Math.max(1, Math.round(text.length / CHARACTERS))
  const taken = Math.min(count, PASSAGES_OF_DOCUMENT)
  const length = text.length / count
  for (let i = 0; i < taken; i++) {
    const n = Math.floor((i * count) / taken)
    yield text.slice(Math.floor(n * length), Math.floor((n + 1) * length))
  }
}
