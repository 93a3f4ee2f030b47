import { ClaraError } from '../errors.js'

/** With fewer distinct chunks per document of a sample than this, negatives are hardly chosen. */
const COMFORTABLE = 3

/**
 * @returns a warning where the corpus is small for k; `undefined` where it is not.
 * @throws ClaraError `too-small` with fewer than k distinct chunks.
 */
export function checkCorpusSize(distinctChunks: number, topK: number): string | undefined {
  const have = `the corpus has ${distinctChunks} distinct chunks`
  if (distinctChunks < topK) {
    const instead = distinctChunks < 2 ? '' : `, or pass --target-top-k ${distinctChunks} at most`
    throw new ClaraError(
      'too-small',
      `${have}, --target-top-k ${topK} needs ${topK} or more: add documents, use smaller chunks${instead}`,
    )
  }
  if (distinctChunks >= COMFORTABLE * topK) return undefined
  const fits = Math.floor(distinctChunks / COMFORTABLE)
  const advice =
    fits < 2 ? 'add documents' : `add documents, or pass --target-top-k ${fits}, the largest that fits`
  return `warning: ${have}, few for --target-top-k ${topK} (${COMFORTABLE * topK} are advised): every sample repeats the same ones; ${advice}`
}
