/** One source file, or one record of a corpus. */
export interface Document {
  /**
   * Unique in a corpus: BEIR `_id`, raw_knowledge `filename`, or the path in its folder; where files of several paths have such
   * a name, the path of each.
   */
  id: string
  /** Of the file, where the id is but its name; for a text file with the name of its folder. */
  path?: string
  /** Of the file, where the id is its path. */
  name?: string
  /** BEIR title; empty where there is none. */
  title: string
  text: string
}
