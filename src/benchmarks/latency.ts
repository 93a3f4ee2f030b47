/** How long one call takes, by the length and the number of its inputs. */
import { availableParallelism, cpus } from 'node:os'
import { ClaraError } from '../errors.js'
import { allRows, encodedLength, type TextPair } from '../inference/encoding.js'
import type { Subject } from './subject.js'
import { rounded } from './throughput.js'

interface LatencyCase {
  /** Tokens of each input, special tokens counted. */
  length: number
  batch: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  /** At the median. */
  inputs_per_second: number
  tokens_per_second: number
  /** Median of the bare model on the same inputs. */
  ceiling_p50_ms: number
}

export interface LatencyResult {
  model: string
  device: string
  cpu: string
  cores: number
  /** From nothing to the first result: files hashed, model loaded, one input through it. */
  cold_start_ms: number
  cases: LatencyCase[]
  peak_memory_mib: number
}

interface LatencyOptions {
  lengths: number[]
  batches: number[]
  /** Timed calls of each case. */
  repeat: number
}

const WARM_UP = 3
/** Short words that are one token each in most vocabularies. */
const WORDS =
  'time people year way day man world life hand part child eye woman place work week case point'.split(' ')

/** @param open the model anew: that is the cold start. */
export async function measureLatency(
  open: () => Promise<Subject>,
  { lengths, batches, repeat }: LatencyOptions,
): Promise<LatencyResult> {
  const start = performance.now()
  const subject = await open()
  try {
    await call(subject, [inputOf(4, 0)])
    const cold = performance.now() - start
    const cases: LatencyCase[] = []
    for (const length of lengths) {
      for (const batch of batches) cases.push(await measureCase(subject, length, batch, repeat))
    }
    return {
      model: subject.name,
      device: subject.engine.running().device.provider,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      cold_start_ms: rounded(cold, 1),
      cases,
      peak_memory_mib: Math.round(process.resourceUsage().maxRSS / 1024),
    }
  } finally {
    await subject.engine.close()
  }
}

async function measureCase(
  subject: Subject,
  length: number,
  batch: number,
  repeat: number,
): Promise<LatencyCase> {
  const words = await wordsFor(subject, length)
  const inputs = Array.from({ length: batch }, (_, i) => inputOf(words, i))
  for (let i = 0; i < WARM_UP; i++) await call(subject, inputs)
  const times: number[] = []
  const bare: number[] = []
  const encodings = await subject.encode(inputs)
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    await call(subject, inputs)
    times.push(performance.now() - start)
    bare.push((await subject.engine.ideal(encodings)) * 1000)
  }
  const p50 = percentile(times, 0.5)
  return {
    length: encodedLength(encodings, 0),
    batch,
    p50_ms: rounded(p50, 2),
    p95_ms: rounded(percentile(times, 0.95), 2),
    p99_ms: rounded(percentile(times, 0.99), 2),
    inputs_per_second: rounded((batch * 1000) / p50, 1),
    tokens_per_second: Math.round((encodings.ids.length * 1000) / p50),
    ceiling_p50_ms: rounded(percentile(bare, 0.5), 2),
  }
}

async function call(subject: Subject, inputs: TextPair[]): Promise<void> {
  const encodings = await subject.encode(inputs)
  await subject.engine.run(encodings, allRows(encodings))
}

/** So many words that an input has so many tokens, or the most that fit. */
async function wordsFor(subject: Subject, length: number): Promise<number> {
  let words = 0
  for (let step = 1 << 13; step >= 1; step >>= 1) {
    const encodings = await subject.encode([inputOf(words + step, 0)])
    if (encodings.truncated === 0 && encodedLength(encodings, 0) <= length) words += step
  }
  if (words > 0) return words
  throw new ClaraError('usage', `no input of ${subject.name} has as few as ${length} tokens`)
}

/** A pair's question is one word, so that all else is passage. */
function inputOf(words: number, seed: number): TextPair {
  const word = (i: number) => WORDS[(i * 7 + seed * 5 + Math.floor(i / WORDS.length)) % WORDS.length]!
  return { question: word(seed), passage: Array.from({ length: words }, (_, i) => word(i)).join(' ') }
}

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
}
