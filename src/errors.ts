/**
 * What a user can mend. Misuse of the code by other code throws built-in errors instead.
 *
 * `input`: a file's content or absence. `usage`: the command line. `exists`: something is in
 * the way. `model`: a model's files or what it computed. `index`: an index directory.
 * `too-small`: the corpus has too few chunks. `llm`: the endpoint. `io`: the file system.
 * `network`: the model hub, or the way to it. `budget`: what may be spent is spent.
 */
export type ErrorCode =
  | 'input'
  | 'usage'
  | 'exists'
  | 'model'
  | 'index'
  | 'too-small'
  | 'llm'
  | 'io'
  | 'network'
  | 'budget'

export class ClaraError extends Error {
  readonly code: ErrorCode
  /** Lines to print below the message: a way out that takes more than a sentence. */
  readonly advice: readonly string[]

  constructor(
    code: ErrorCode,
    message: string,
    { advice = [], ...options }: { cause?: unknown; advice?: readonly string[] } = {},
  ) {
    super(message, options)
    this.name = 'ClaraError'
    this.code = code
    this.advice = advice
  }
}

/** A record that was skipped. Printed as `path:line: reason`. */
export interface Problem {
  path: string
  /** `undefined` of what is said of the whole file. */
  line?: number | undefined
  reason: string
  /** Only to be said: nothing was skipped that was meant to be read, and what was lost is in the reason. */
  note?: true
}

/** A whole file that was skipped. Printed as `path: reason`. */
export interface FileProblem {
  path: string
  reason: string
  line?: undefined
  /** As in Problem. */
  note?: true
}

export type OnProblem = (problem: Problem) => void

/** Whether the operating system said so; with codes, one of these. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return false
  return codes.length === 0 || codes.includes(String(error.code))
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
