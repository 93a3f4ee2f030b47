/** Questions with passages -> scores, by a cross-encoder, or by the tokens of an embedder, on threads of their own. */
import { objectWith, requireArgument, requireOptions } from '../arguments.js'
import { ClaraError } from '../errors.js'
import type { Model, RerankerModel } from '../models/resolve.js'
import type { TextPair } from './encoding.js'
import { ENGINE_OPTIONS, type EngineOptions, openEngine, type Running } from './engine.js'
import { openLateInteraction } from './late-interaction.js'
import { createOnce } from './once.js'
import { requireFinite } from './require-finite.js'
import { requirePairs } from './require-pairs.js'

export interface Reranker {
  model: RerankerModel
  /** Pairs whose passage was cut at the model's limit so far. */
  counts: { pairs: number; truncated: number }
  running(): Running
  /**
   * How well each passage answers its question: higher is better, and a logit, not a probability.
   * With two labels it is the second logit less the first: their log-odds.
   * @throws ClaraError `model` when a logit is not finite.
   */
  score(pairs: TextPair[], nameOf?: (i: number) => string): Promise<Float32Array>
  /** @returns what the model gives, row-major [pairs, labels]. */
  logits(pairs: TextPair[], nameOf?: (i: number) => string): Promise<Float32Array>
  close(): Promise<void>
}

/**
 * Equal pairs are scored once. A score does not depend on the pairs beside it.
 * @throws ClaraError `model` when a file is missing, damaged or not loadable.
 */
export async function openReranker(model: RerankerModel, options: EngineOptions = {}): Promise<Reranker> {
  requireArgument('openReranker: model', model, objectWith('card', 'what resolveReranker() returns'))
  if (model.card.kind !== 'reranker') {
    throw new ClaraError(
      'usage',
      `openReranker: ${(model as Model).card.name} is an embedder: openEmbedder() is for those`,
    )
  }
  requireOptions('openReranker', options, ENGINE_OPTIONS)
  if (model.encoder) return openLateInteraction(model, model.encoder, options)
  const { labels } = model.card
  const engine = await openEngine(model, { kind: 'logits', labels }, options)
  const counts = { pairs: 0, truncated: 0 }
  const once = createOnce(labels)
  const logits: Reranker['logits'] = async (pairs, nameOf = (i) => `pair ${i + 1}`) => {
    engine.requireOpen()
    requirePairs('score', pairs)
    const encodings = await engine.tokenizer.encodePairs(pairs)
    counts.pairs += pairs.length
    counts.truncated += encodings.truncated
    const keys = pairs.map(({ question, passage }) => JSON.stringify([question, passage]))
    return once(keys, async (rows) => {
      const found = await engine.run(encodings, rows)
      requireFinite(found, labels, (row) => nameOf(rows[row]!))
      return found
    })
  }
  return {
    model,
    counts,
    running: engine.running,
    logits,
    async score(pairs, nameOf) {
      const values = await logits(pairs, nameOf)
      return labels === 1 ? values : Float32Array.from(pairs, (_, i) => values[2 * i + 1]! - values[2 * i]!)
    },
    close: engine.close,
  }
}
