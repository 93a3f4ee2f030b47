/** The command that builds an index anew with the model that reads Chinese, too: to be shown, and run as it is shown. */

import { DEFAULT_RECALL } from '../index/finish-graph.js'
import { defaultPrecision } from '../index/graph.js'
import type { Manifest } from '../index/manifest.js'
import { DEFAULT_CHUNKING } from '../index/trainer.js'
import { DEFAULT_TRAINER, NO_TRAINER, TRAINER_DOC_TOKENS } from '../inference/trainer-tokenizer.js'
import { BILINGUAL_EMBEDDER, type EmbedderModel } from '../models/resolve.js'
import { quoted } from './command-line.js'

/** Stands for what an index was built from, which it does not say. */
const ITS_DOCUMENTS = 'ITS-DOCUMENTS'

/**
 * With the flags that the index was built with.
 * @param more files that are to go in besides what it was built from.
 */
export function rebuildCommand(
  directory: string,
  { dims, metric, precision, chunking, recall }: Manifest,
  { card }: EmbedderModel,
  more: string[] = [],
): string {
  const { tokens, overlap, split, trainer } = chunking
  const flags: (string | number)[] = ['--input-file', ITS_DOCUMENTS, ...more, '--output-dir', directory]
  flags.push('--overwrite', '--embedder', BILINGUAL_EMBEDDER)
  if (precision !== defaultPrecision(metric)) flags.push('--precision', precision)
  if (dims < card.dims) flags.push('--dims', dims)
  if (recall && recall.target !== DEFAULT_RECALL) flags.push('--recall', recall.target)
  if (!split) flags.push('--no-chunk')
  else {
    if (tokens !== DEFAULT_CHUNKING.tokens) flags.push('--chunk-tokens', tokens)
    if (overlap > 0) flags.push('--chunk-overlap', overlap)
    const { name = NO_TRAINER, tokens: limit = TRAINER_DOC_TOKENS } = trainer ?? {}
    if (name !== DEFAULT_TRAINER) flags.push('--trainer', name)
    if (limit !== TRAINER_DOC_TOKENS) flags.push('--doc-max-length', limit)
  }
  return ['clara-index build', ...flags.map((word) => quoted(String(word)))].join(' ')
}
