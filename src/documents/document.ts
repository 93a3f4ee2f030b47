/** One source file, or one record of a corpus. */
export interface Document {
  /** Unique in a corpus: BEIR `_id`, raw_knowledge `filename`, or the path in its folder. */
  id: string
  /** BEIR title; empty where there is none. */
  title: string
  text: string
}
