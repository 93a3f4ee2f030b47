/** stderr: progress, remarks and bad records. stdout is left to data. */
import type { FileProblem, Problem } from '../errors.js'
import type { OutputFlags } from './flags.js'
import { clearProgress, hasTerminal, tell, tellProgress } from './terminal.js'

/** Bad records that are printed one by one; a broken file of a million lines should not scroll by. */
const PRINTED_PROBLEMS = 20
const TTY_INTERVAL_MS = 100
const LOG_INTERVAL_MS = 10_000

export interface Talk {
  /** Once: several stages may have the same to say. */
  remark(text: string): void
  onProblem: (problem: Problem | FileProblem) => void
  /** How many bad records there were. */
  problems(): number
  /** As the result of a command has it: bad records, and notes where there are any. */
  counts(): { bad_records: number; notes?: number }
  /** A line that changes: shown now and then, and made only when it is shown. */
  progress(): (line: () => string) => void
  /** What progress is out of; not worked out where none is shown. */
  forecast(count: () => Promise<number | undefined>): Promise<number | undefined>
  /** Ends the line of progress and says how many problems were not printed. */
  finish(): void
  /** As a remark, but with --quiet, too. */
  complain(text: string): void
}

let latest: Talk | undefined

/** Ends the line of whatever talked last, so that an error stands on a line of its own. */
export function finishTalk(): void {
  latest?.finish()
}

/** @param printed bad records at most; the others are counted. */
export function createTalk({ quiet = false }: OutputFlags, printed = PRINTED_PROBLEMS): Talk {
  const tty = hasTerminal && !quiet
  const said = new Set<string>()
  let problems = 0
  let told = printed
  let [notes, toldNotes] = [0, printed]
  const progress = () => {
    let shown = performance.now()
    return (text: () => string) => {
      const now = performance.now()
      if (quiet || now - shown < (tty ? TTY_INTERVAL_MS : LOG_INTERVAL_MS)) return
      shown = now
      if (tty) tellProgress(text())
      else tell(text())
    }
  }
  latest = {
    remark(text) {
      if (quiet || said.has(text)) return
      said.add(text)
      tell(text)
    },
    onProblem({ path, line, reason, note }) {
      if (note && (++notes > printed || quiet)) return
      if (!note && ++problems > printed) return
      tell(`${path}:${line === undefined ? '' : `${line}:`} ${note ? 'note: ' : ''}${reason}`)
    },
    problems: () => problems,
    counts: () => ({ bad_records: problems, ...(notes > 0 && { notes }) }),
    progress,
    forecast: async (count) => (quiet ? undefined : count()),
    finish() {
      clearProgress()
      if (problems > told) tell(`… and ${problems - told} more like these`)
      told = Math.max(told, problems)
      if (notes > toldNotes && !quiet) tell(`… and ${notes - toldNotes} more notes`)
      toldNotes = Math.max(toldNotes, notes)
    },
    complain: tell,
  }
  return latest
}
