/** What can be wrong with a file of samples, and the book kept of it. */
import type { OnProblem } from '../../errors.js'

/** Every kind with what it means, in the order of the report. */
export const FINDING_KINDS = {
  'no-samples': 'the file holds no sample',
  'not-json': 'line is not JSON',
  'not-object': 'line is not a JSON object',
  'bad-question': 'question is not a non-blank string',
  'bad-docs': 'docs is not a list of strings',
  'too-few-docs': 'fewer than 2 docs',
  'empty-doc': 'a doc is empty or blank',
  'duplicate-doc': 'the same doc twice',
  'no-answer': 'neither gold_answer nor answer',
  'only-gold-answer': 'gold_answer without answer, which the trainer rejects',
  'only-answer': 'answer without gold_answer',
  'bad-gold-answer': 'gold_answer is not a non-blank string',
  'bad-answer': 'answer is not a non-blank string',
  'answers-differ': 'gold_answer and answer differ',
  'bad-pos-index': 'pos_index is not a list of integers',
  'empty-pos-index': 'pos_index is empty',
  'repeated-position': 'pos_index names a doc twice',
  'position-out-of-range': 'pos_index names a doc that is not there',
  'no-negative': 'pos_index names every doc',
  'wrong-top-k': 'number of docs is not the expected one',
  'mixed-top-k': 'number of docs is not the most common one',
  'long-doc': 'a doc has more tokens than the limit',
} as const

export type FindingKind = keyof typeof FINDING_KINDS

export interface Finding {
  kind: FindingKind
  /** Lines that have it; a line counts once however often it sins. */
  count: number
  /** The first 5, ascending, counted from 1; none for `no-samples`. */
  lines: number[]
}

export const LINES_SHOWN = 5
/** Problems told to `onProblem`, per kind: a file that is wrong throughout stays readable. */
export const PROBLEMS_TOLD = 20

export class Findings {
  #byKind = new Map<FindingKind, Finding>()

  constructor(
    private readonly path: string,
    private readonly onProblem: OnProblem,
  ) {}

  /** Lines of one kind must come in ascending order. */
  add(kind: FindingKind, line: number, reason: string): void {
    const finding = this.#of(kind)
    finding.count += 1
    if (finding.lines.length < LINES_SHOWN) finding.lines.push(line)
    if (finding.count <= PROBLEMS_TOLD) this.onProblem({ path: this.path, line, reason })
  }

  /** Counts lines of which only the first few are known. */
  addUnnamed(kind: FindingKind, count: number): void {
    if (count > 0) this.#of(kind).count += count
  }

  /** About the file, not about one of its lines. */
  addFile(kind: FindingKind, reason: string): void {
    this.#of(kind).count += 1
    this.onProblem({ path: this.path, line: 1, reason })
  }

  list(): Finding[] {
    const kinds = Object.keys(FINDING_KINDS) as FindingKind[]
    return kinds.flatMap((kind) => this.#byKind.get(kind) ?? [])
  }

  #of(kind: FindingKind): Finding {
    let finding = this.#byKind.get(kind)
    if (finding === undefined) {
      finding = { kind, count: 0, lines: [] }
      this.#byKind.set(kind, finding)
    }
    return finding
  }
}
