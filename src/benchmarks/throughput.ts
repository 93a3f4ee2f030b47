/** Inputs a second: a corpus through tokenizer and model, again and again, beside the bare model. */
import { availableParallelism, cpus } from 'node:os'
import { windows } from '../files/windows.js'
import { allRows, type Encodings, joinEncodings, type TextPair } from '../inference/encoding.js'
import type { Subject } from './subject.js'

const WINDOW = 1024
/** Of the corpus, for the ceiling: its inputs are all in memory at once. */
const CEILING_WINDOWS = 2

interface ThroughputResult {
  model: string
  device: string
  cpu: string
  cores: number
  sessions: number
  threads_per_session: number
  tokens_per_run: number
  passages?: number
  pairs?: number
  /** Special tokens counted. */
  tokens: number
  /** Padded tokens of all that ran. */
  padding_share: number
  /** Of each repetition. */
  seconds: number[]
  /** Of the median repetition. */
  passages_per_second?: number
  pairs_per_second?: number
  tokens_per_second: number
  /** The bare model on ideal batches of the same inputs, tokens a second, median. */
  ceiling_tokens_per_second?: number
  /** Median over the repetitions of ours by the ceiling measured right after. */
  of_ceiling?: number
  /** Resident set at its largest. */
  peak_memory_mib: number
}

interface ThroughputOptions {
  /** Timed passes, after one window that warms up. */
  repeat: number
  ceiling: boolean
}

/** @param inputs opens the inputs anew, for each pass. */
export async function measureThroughput(
  inputs: () => AsyncIterable<TextPair>,
  subject: Subject,
  { repeat, ceiling }: ThroughputOptions,
): Promise<ThroughputResult> {
  const { engine } = subject
  const sample = await firstWindows(inputs(), subject, ceiling ? CEILING_WINDOWS : 1)
  await engine.run(sample, allRows(sample).slice(0, WINDOW))
  const before = { ...engine.counts }
  const passes: Pass[] = []
  const ceilings: number[] = []
  for (let i = 0; i < repeat; i++) {
    passes.push(await onePass(inputs(), subject))
    if (ceiling) ceilings.push(await ceilingOf(sample, subject))
  }
  const rates = passes.map(({ tokens, seconds }) => tokens / seconds)
  const { sessions, intraThreads, budget, device } = engine.running()
  const { inputs: count, tokens } = passes[0]!
  const seconds = median(passes.map((pass) => pass.seconds))
  const [ran, padding] = [engine.counts.tokens - before.tokens, engine.counts.padding - before.padding]
  return {
    model: subject.name,
    device: device.provider,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    sessions,
    threads_per_session: intraThreads,
    tokens_per_run: budget,
    [subject.unit]: count,
    tokens,
    padding_share: rounded(padding / (ran + padding), 4),
    seconds: passes.map((pass) => rounded(pass.seconds, 3)),
    [`${subject.unit}_per_second`]: rounded(count / seconds, 1),
    tokens_per_second: Math.round(tokens / seconds),
    ...(ceiling && {
      ceiling_tokens_per_second: Math.round(median(ceilings)),
      of_ceiling: rounded(median(rates.map((rate, i) => rate / ceilings[i]!)), 3),
    }),
    peak_memory_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

interface Pass {
  inputs: number
  tokens: number
  seconds: number
}

/** Two windows at a time, as an index build has them; each is forgotten when it is done. */
async function onePass(inputs: AsyncIterable<TextPair>, subject: Subject): Promise<Pass> {
  const pass = { inputs: 0, tokens: 0 }
  const start = performance.now()
  let ahead: Promise<unknown> = Promise.resolve()
  for await (const window of windows(inputs, WINDOW)) {
    const next = subject.encode(window).then((encodings) => {
      pass.inputs += window.length
      pass.tokens += encodings.ids.length
      return subject.engine.run(encodings, allRows(encodings))
    })
    next.catch(() => {}) // seen when it is awaited
    await ahead
    ahead = next
  }
  await ahead
  return { ...pass, seconds: (performance.now() - start) / 1000 }
}

async function firstWindows(
  inputs: AsyncIterable<TextPair>,
  subject: Subject,
  count: number,
): Promise<Encodings> {
  const sample: Encodings[] = []
  for await (const window of windows(inputs, WINDOW)) {
    sample.push(await subject.encode(window))
    if (sample.length === count) break
  }
  return joinEncodings(sample)
}

/** @returns tokens a second. */
async function ceilingOf(sample: Encodings, { engine }: Subject): Promise<number> {
  return sample.ids.length / (await engine.ideal(sample))
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
