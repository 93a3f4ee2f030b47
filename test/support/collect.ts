/** What a stage gives out, and what it complains about. */
import { expect } from 'vitest'
import type { ErrorCode, OnProblem, Problem } from '#clara/errors.js'

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export async function* stream<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

export async function collectWithProblems<T>(
  read: (onProblem: OnProblem) => AsyncIterable<T>,
): Promise<{ items: T[]; problems: Problem[] }> {
  const problems: Problem[] = []
  const items = await collect(read((problem) => problems.push(problem)))
  return { items, problems }
}

/** For `rejects.toMatchObject`: an error that a user can mend, whose message holds all `parts`. */
export function claraError(code: ErrorCode, ...parts: string[]) {
  const escaped = parts.map((part) => `(?=[^]*${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})`)
  return { name: 'ClaraError', code, message: expect.stringMatching(new RegExp(`^${escaped.join('')}`)) }
}
