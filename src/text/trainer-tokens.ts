/**
 * Words that the trainer's tokenizer takes for tokens of its own, in texts. CLaRa adds `<MEM0>` … (as many as `doc_max_length / compress_rate`;
 * `<MEM>` where they are all one), `<AE>`, `<ENC>` and `<SEP>` to the vocabulary of the base model. A memory token in a document or in a
 * question of the last stage gives that row more places than the others have, which ends the run; the other three are read as vectors that
 * nobody trained, and are left out where an answer is decoded. Only this very spelling counts: with a blank, in lower case or in full
 * width it is text like any other (tried with the tokenizers of transformers 4.56, fast and slow).
 */

const NAMES = 'MEM[0-9]*|AE|ENC|SEP'
const WRITTEN = new RegExp(`<(\\\\*)(${NAMES})>`, 'g')
const TOKEN = new RegExp(`<(?:${NAMES})>`)
const MEMORY_TOKEN = /<MEM[0-9]*>/

/** `<MEM3>` becomes `<\MEM3>`; what is spelt like that already gets one backslash more, so that unescapeTrainerTokens gives the same text back. */
export function escapeTrainerTokens(text: string): string {
  return text.includes('<') ? text.replace(WRITTEN, '<\\$1$2>') : text
}

export function unescapeTrainerTokens(text: string): string {
  return text.replace(WRITTEN, (_, slashes: string, name: string) => `<${slashes.slice(1)}${name}>`)
}

/** The first of them in a text that is not escaped, one that ends a run before others; `undefined` where there is none. */
export function trainerTokenIn(text: string): string | undefined {
  const first = TOKEN.exec(text)
  return first ? (MEMORY_TOKEN.exec(text) ?? first)[0] : undefined
}

/**
 * Control tokens of the trainer's base models that a text may hold: of Mistral, and of Qwen. Not fatal: but an answer teaches the model to
 * end, or to begin anew, in the middle.
 */
const CONTROL_TOKEN = /<\/?s>|<unk>|<\|[a-z][a-z0-9_]*\|>|<\/?think>/

export function controlTokenIn(text: string): string | undefined {
  return CONTROL_TOKEN.exec(text)?.[0]
}

/** In a JSON text `<` and `>` may be escapes, and a backslash is two. Any other escape is passed over as a whole. */
const IN_JSON = new RegExp(`(<|\\\\u003[cC])((?:\\\\\\\\)*)(${NAMES})(?=>|\\\\u003[eE])|\\\\[\\s\\S]`, 'g')
const MAY_BE_IN_JSON = new RegExp(`(?:${NAMES})(?:>|\\\\u003[eE])`)

/**
 * As escapeTrainerTokens, of all strings of a row that somebody else wrote; everything else stays as it is spelt. One unescaped token shows
 * that nothing in the row was escaped.
 * @returns `undefined` of a row without one: it is escaped, or has nothing to escape.
 */
export function escapeTrainerTokensInJson(json: string): string | undefined {
  if (!MAY_BE_IN_JSON.test(json)) return undefined
  let found = false
  const escaped = json.replace(IN_JSON, (whole, open: string | undefined, slashes: string, name: string) => {
    if (open === undefined) return whole
    if (slashes === '') found = true
    return `${open}\\\\${slashes}${name}`
  })
  return found ? escaped : undefined
}
