/** Why data is not packed. */
export interface Refusal {
  /** Of the run directory, or the notebook. */
  file: string
  reason: string
  /** What shows more of it; `null` where nothing does. */
  command: string | null
}

/** A word of a command line as a POSIX shell takes it. */
export function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
