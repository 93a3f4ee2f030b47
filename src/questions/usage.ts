/** Sums of tokens. */
import type { Usage } from './endpoint.js'

export const NO_USAGE: Readonly<Usage> = { promptTokens: 0, completionTokens: 0 }

export function sumOf(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
  }
}
