/** A corpus in a script that the model's vocabulary lacks: its vectors would all look alike. */
import { ClaraError } from '../errors.js'
import type { EmbedderModel } from '../models/resolve.js'
import type { Tokens } from './progress.js'

const MOST_UNKNOWN = 0.05
/** Before so many tokens, a few odd characters are a large share. */
const ENOUGH_TOKENS = 20_000

/** Of the tokens of all texts so far, those that the vocabulary lacks; 0 before the first. */
export function unknownShare({ tokens, unknown }: Tokens): number {
  return tokens === 0 ? 0 : unknown / tokens
}

/**
 * @param whole all of the corpus has been seen; until then a verdict needs enough of it.
 * @throws ClaraError `model` when over 5% of the tokens are unknown, with a model to take instead.
 */
export function requireKnownWords({ card }: EmbedderModel, counts: Tokens, whole: boolean): void {
  const share = unknownShare(counts)
  const { texts, tokens } = counts
  if (share <= MOST_UNKNOWN || (!whole && tokens < ENOUGH_TOKENS)) return
  const { name, languages } = card
  throw new ClaraError(
    'model',
    `${(share * 100).toFixed(0)}% of the ${tokens} tokens of ${whole ? 'the corpus' : `its first ${texts} chunks`} are ` +
      `unknown to ${name} (${languages.join(', ') || 'languages not stated'}), so that its vectors would say little. ` +
      'For Chinese take bge-small-zh-v1.5, for many languages multilingual-e5-small ' +
      '("clara-models pull NAME", then --embedder NAME); --force goes on all the same',
  )
}
