/** The book kept of what is wrong with a file. */
import type { OnProblem } from '../../errors.js'
import { FINDING_KINDS, type FindingKind, type Level } from './kinds.js'

export interface Finding {
  kind: FindingKind
  level: Level
  /** Lines that have it; a line counts once however often it sins. */
  count: number
  /** The first 5, ascending, counted from 1; none for what is said of the whole file. */
  lines: number[]
}

const LINES_SHOWN = 5
/** Problems told to `onProblem`, per kind, unless all are wanted: a file that is wrong throughout stays readable. */
const PROBLEMS_TOLD = 20

export class Findings {
  #byKind = new Map<FindingKind, Finding>()

  constructor(
    private readonly path: string,
    private readonly onProblem: OnProblem,
    readonly told = PROBLEMS_TOLD,
  ) {}

  /** Lines of one kind must come in ascending order. */
  add(kind: FindingKind, line: number, reason: string): void {
    const finding = this.#of(kind)
    finding.count += 1
    if (finding.lines.length < LINES_SHOWN) finding.lines.push(line)
    if (finding.count <= this.told) this.#tell(finding.level, line, reason)
  }

  /** Counts lines of which only the first few are known. */
  addUnnamed(kind: FindingKind, count: number): void {
    if (count > 0) this.#of(kind).count += count
  }

  /** About the file, not about one of its lines. */
  addFile(kind: FindingKind, reason: string): void {
    const finding = this.#of(kind)
    finding.count += 1
    this.#tell(finding.level, 1, reason)
  }

  /** Errors first, each level in the order of FINDING_KINDS. */
  list(): Finding[] {
    const kinds = Object.keys(FINDING_KINDS) as FindingKind[]
    const found = kinds.flatMap((kind) => this.#byKind.get(kind) ?? [])
    const of = (level: Level) => found.filter((finding) => finding.level === level)
    return [...of('error'), ...of('warning')]
  }

  #tell(level: Level, line: number, reason: string): void {
    const said = level === 'warning' ? `warning: ${reason}` : reason
    this.onProblem({ path: this.path, line, reason: said })
  }

  #of(kind: FindingKind): Finding {
    let finding = this.#byKind.get(kind)
    if (finding === undefined) {
      finding = { kind, level: FINDING_KINDS[kind].level, count: 0, lines: [] }
      this.#byKind.set(kind, finding)
    }
    return finding
  }
}
