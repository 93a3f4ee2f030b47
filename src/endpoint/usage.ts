/** Tokens of calls, and their sums. */

/** As the endpoint counts. */
export interface Usage {
  promptTokens: number
  completionTokens: number
}

export const NO_USAGE: Readonly<Usage> = { promptTokens: 0, completionTokens: 0 }

export function sumOf(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
  }
}

/** Of tokens, as an endpoint may say. */
export function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 1e9
}
