/** A passage of a document: the unit that is embedded, indexed and put into `docs`. */
export interface Chunk {
  /** `<document id>#<n>`, n from 0; the document id itself when chunking is off. */
  id: string
  documentId: string
  /** The document's title; empty where there is none. */
  title: string
  text: string
}

/** What is embedded and what goes into `docs`: the title before the text, one blank between. */
export function passageOf(chunk: Pick<Chunk, 'title' | 'text'>): string {
  return chunk.title === '' ? chunk.text : `${chunk.title} ${chunk.text}`
}
