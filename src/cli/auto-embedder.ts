/** The embedder of a command that reads documents: the one that is named, or one by what the first passages need. */
import { readDocuments } from '../documents/read-documents.js'
import { autoEmbedders, type ChosenEmbedder, chooseEmbedder } from '../index/choose-embedder.js'
import { AUTO, type EmbedderModel, resolveEmbedder } from '../models/resolve.js'
import type { Talk } from './talk.js'

/** `why` is absent where the model is named by its user. */
type Taken = { model: EmbedderModel; why?: string | undefined }

interface Documents {
  /** Files and folders, as readDocuments takes them; or passages. */
  documents: string[] | Parameters<typeof chooseEmbedder>[0]
  /** Of unfinished work: the sha256 of its model, and why it was chosen. What has begun goes on with the same. */
  begun?: { sha256: string; why?: string | undefined } | undefined
}

export async function embedderOf(
  given: string | undefined,
  { documents, begun }: Documents,
  talk: Talk,
): Promise<Taken> {
  if (given !== undefined && given !== AUTO) return { model: await resolveEmbedder(given) }
  const same = begun && (await autoEmbedders()).find(({ model }) => model.sha256 === begun.sha256)
  if (same) {
    talk.remark(`embedder ${same.card.name}, as this work was begun with it`)
    return { model: same, why: begun.why }
  }
  // What is wrong with a record is said when the whole is read.
  const passages = Array.isArray(documents) ? readDocuments(documents, () => {}) : documents
  const chosen: ChosenEmbedder = await chooseEmbedder(passages)
  talk.remark(`embedder ${chosen.model.card.name}: ${chosen.why} (--embedder NAME takes another)`)
  return chosen
}
