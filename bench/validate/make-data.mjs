// Rows like those of clara-mine, of any size: passages of a corpus that was made up by a seed.

const WORDS = 20_000
const PASSAGES = 40_000
const K = 5
/** As in real English text: now and then a character that is not ASCII. */
const OTHER = ['café', 'naïve', 'Zürich', '“so-called”', 'today’s', 'Dvořák', '1 – 2', '北京', '…']

/** Mulberry32. */
export function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Lines of JSON, `bytes` in all or a little more. Each passage has a sentence of its own that answers, so that the data is
 * sound and every check has to look at all of it.
 */
export function* sampleLines({ bytes, seed = 42 }) {
  const random = randomOf(seed)
  const pick = (list) => list[Math.floor(random() * list.length)]
  const vocabulary = Array.from({ length: WORDS }, () => wordOf(random))
  const passages = Array.from({ length: PASSAGES }, (_, n) => {
    const words = Array.from({ length: 50 + Math.floor(random() * 100) }, () =>
      random() < 0.004 ? pick(OTHER) : vocabulary[Math.floor(random() ** 2 * WORDS)],
    )
    const answer = `${wordOf(random)} ${wordOf(random)} ${n}`
    words.splice(Math.floor(random() * words.length), 0, `It was ${answer} that did it.`)
    return {
      text: words.join(' '),
      answer,
      subject: [pick(vocabulary), pick(vocabulary), pick(vocabulary)].join(' '),
    }
  })
  let written = 0
  for (let n = 0; written < bytes; n++) {
    const positive = passages[n % PASSAGES]
    const docs = new Set()
    while (docs.size < K - 1) {
      const { text } = pick(passages)
      if (text !== positive.text) docs.add(text)
    }
    const at = Math.floor(random() * K)
    const { answer, subject } = positive
    const row = {
      question: `What did ${subject} in the year ${n}, and who was it?`,
      docs: [...docs].toSpliced(at, 0, positive.text),
      gold_answer: answer,
      answer,
      pos_index: [at],
    }
    const line = `${JSON.stringify(row)}\n`
    written += Buffer.byteLength(line)
    yield line
  }
}

function wordOf(random) {
  const syllables = 1 + Math.floor(random() * 3)
  let word = ''
  for (let i = 0; i < syllables; i++) {
    word += 'bcdfghlmnprstvw'[Math.floor(random() * 15)] + 'aeiou'[Math.floor(random() * 5)]
    if (random() < 0.3) word += 'nrst'[Math.floor(random() * 4)]
  }
  return word
}
