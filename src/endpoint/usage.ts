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
