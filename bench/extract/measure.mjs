/**
 * How much of a reference text an extraction has, in its order: F1 over tokens, those in common being the longest
 * common subsequence. What Markdown adds (marks, links' addresses, table lines, images) is taken off both first.
 * Tokens are runs of letters and digits, lower case; each CJK ideograph is one.
 */

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** Of words, without what Markdown adds. */
export function tokensOf(markdown) {
  return (
    stripped(markdown)
      .toLowerCase()
      .match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}])+/gu) ?? []
  )
}

function stripped(markdown) {
  return markdown
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/\[IMAGE_REF:[^\]\n]*\]/g, ' ')
    .replace(/!\[[^\]\n]*\]\((?:[^()\n]|\([^()\n]*\))*\)/g, ' ')
    .replace(/\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)/g, '$1')
    .replace(/^\s*```.*$/gm, ' ')
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) =>
      name
        ? (ENTITIES[name] ?? all)
        : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
    )
    .replace(/\\([^\p{L}\p{N}\s])/gu, '$1')
}

/** `{ precision, recall, f1 }`, each from 0 to 1; both texts empty is 1. */
export function score(ours, truth) {
  const [a, b] = [tokensOf(ours), tokensOf(truth)]
  if (a.length + b.length === 0) return { precision: 1, recall: 1, f1: 1 }
  const common = commonTokens(a, b)
  return {
    precision: a.length && common / a.length,
    recall: b.length && common / b.length,
    f1: (2 * common) / (a.length + b.length),
  }
}

/** Length of the longest common subsequence. */
function commonTokens(a, b) {
  const words = [...new Set([...a, ...b])]
  const ids = new Map(words.map((word, id) => [word, id]))
  const idsOf = (tokens) => Int32Array.from(tokens, (token) => ids.get(token))
  const [x, y] = [idsOf(a), idsOf(b)]
  let [above, row] = [new Int32Array(y.length + 1), new Int32Array(y.length + 1)]
  for (const id of x) {
    for (let j = 0; j < y.length; j++)
      row[j + 1] = id === y[j] ? above[j] + 1 : Math.max(above[j + 1], row[j])
    ;[above, row] = [row, above]
  }
  return above[y.length]
}
