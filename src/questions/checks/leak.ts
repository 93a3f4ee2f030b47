/** Whether a text repeats what the model was told instead of what the passage says. */
import { foldText } from '../../text/fold.js'
import { charactersAndWords } from '../../text/words.js'
import type { Passage } from './passage.js'

/** So many words, or Chinese characters, in a row are no accident. */
const RUN = 8
/** The marks around a passage, and their token. */
const MARK = /<\/?\s*(?:passage|reply)\b|\b(?:passage|reply)-[0-9a-f]{6,}|\b[0-9a-f]{24}\b/

export interface LeakFinder {
  leaks(text: string, passages: Passage[]): boolean
}

const finders = new Map<string, LeakFinder>()
/** One prompt makes a few texts: number and types of the pairs differ. */
const KEPT = 256

/** @param system the prompt as it was sent, but for the token. */
export function leakFinder(system: string): LeakFinder {
  const known = finders.get(system)
  if (known) return known
  const runs = new Set(runsIn(foldText(system)))
  const finder: LeakFinder = {
    leaks(text, passages) {
      const folded = foldText(text)
      const foreign = (part: string) => !passages.some((passage) => runsOf(passage).has(part))
      if (MARK.test(folded)) return true
      return runsIn(folded).some((run) => runs.has(run) && foreign(run))
    },
  }
  if (finders.size >= KEPT) finders.clear()
  finders.set(system, finder)
  return finder
}

const passageRuns = new WeakMap<Passage, Set<string>>()

function runsOf(passage: Passage): Set<string> {
  const known = passageRuns.get(passage)
  if (known) return known
  const runs = new Set(runsIn(passage.folded))
  passageRuns.set(passage, runs)
  return runs
}

function runsIn(folded: string): string[] {
  const words = charactersAndWords(folded)
  return Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, i) =>
    words.slice(i, i + RUN).join(' '),
  )
}
