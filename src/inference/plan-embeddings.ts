/** What embeddings by an endpoint would cost, found out without asking. */
import { stat } from 'node:fs/promises'
import { estimateTokens } from '../endpoint/price.js'
import { scanJournal } from '../files/journal.js'
import { sentText } from './embedding-request.js'
import { vectorKey } from './vector-journal.js'

export interface EmbeddingPlan {
  /** Different texts that are not in the journal. */
  texts: number
  /** Estimated, for those texts. */
  tokens: number
  /** USD; null where the price is not known. */
  usd: number | null
}

/** Reads the journal, where there is one, and changes nothing. */
export async function planEmbeddings(
  texts: AsyncIterable<string>,
  journalPath: string,
  model: string,
): Promise<Omit<EmbeddingPlan, 'usd'>> {
  const known = new Set<string>()
  if (await stat(journalPath).catch(() => undefined)) {
    await scanJournal(journalPath, (record) => {
      if (record.model === model) known.add(String(record.key))
    })
  }
  let [count, tokens] = [0, 0]
  for await (const text of texts) {
    const sent = sentText(text)
    const key = vectorKey(sent)
    if (known.has(key)) continue
    known.add(key)
    count++
    tokens += estimateTokens(sent)
  }
  return { texts: count, tokens }
}
