/** Several sessions of one model, each on a thread of its own, that share one queue of batches. */
import { startWorker, type WorkerThread } from '../files/worker-thread.js'
import type { Together } from './batches.js'
import type { Choice, Device } from './device.js'
import type { Batch } from './feeds.js'
import type { Layout } from './layout.js'
import type { Output } from './output.js'
import type { SessionMethods } from './session.worker.js'
import type { Matching, TokenCodes } from './token-matches.js'

export interface SessionSpec {
  /** Of the ONNX file. */
  path: string
  /** `undefined`: choose. */
  device: Device | undefined
  output: Output
}

export interface Lanes {
  device: Choice
  /** As opened, which on a GPU is one session whatever was asked for. */
  layout: Layout
  together: Together
  /** @returns row-major [rows, dims or labels]. */
  run(batch: Batch): Promise<Float32Array>
  /** @returns the tokens of each row, of a session that gives those. */
  tokens(batch: Batch): Promise<TokenCodes[]>
  /** @returns the scores of each passage's questions, one after the other. */
  match(matchings: Matching[]): Promise<Float32Array>
  /** @returns seconds of the bare runs, batches dealt out beforehand: what nothing can be faster than. */
  ideal(batches: Batch[]): Promise<number>
  close(): Promise<void>
}

type Session = WorkerThread<SessionMethods>

/** @throws ClaraError `model` when the graph cannot be loaded, or not on the device asked for. */
export async function openLanes(spec: SessionSpec, layout: Layout): Promise<Lanes> {
  const sessions = [startSession(0)]
  const close = async () => {
    await Promise.all(sessions.map((session) => session.close()))
  }
  try {
    const first = sessions[0]!
    const { choices, together } = await first.call('choose', spec)
    const open = (session: Session, tried: Choice[]) =>
      session.call('open', { ...spec, choices: tried, threads: layout.intraThreads })
    // One session fills a GPU; a CPU is filled by as many as the layout says.
    const sure = choices.length === 1
    const device = sure ? choices[0]! : await open(first, choices)
    if (device.provider === 'cpu') {
      for (let i = 1; i < layout.sessions; i++) sessions.push(startSession(i))
    }
    await Promise.all(sessions.slice(sure ? 0 : 1).map((session) => open(session, [device])))
    const onFreeSession = queueFor(sessions)
    const run = (batch: Batch) => onFreeSession((session) => session.call('run', batch))
    const tokens = (batch: Batch) => onFreeSession((session) => session.call('tokens', batch))
    const match = (matchings: Matching[]) => onFreeSession((session) => session.call('match', matchings))
    const ideal = async (batches: Batch[]) => {
      const seconds = deal(batches, sessions.length).map((hand, i) => sessions[i]!.call('ideal', hand))
      return Math.max(...(await Promise.all(seconds)))
    }
    const opened = { sessions: sessions.length, intraThreads: layout.intraThreads }
    return { device, layout: opened, together, run, tokens, match, ideal, close }
  } catch (error) {
    await close()
    throw error
  }
}

function startSession(i: number): Session {
  return startWorker<SessionMethods>(new URL('./session.worker.js', import.meta.url), `session ${i}`)
}

/** Largest first, each to the hand that holds least. */
function deal(batches: Batch[], count: number): Batch[][] {
  const hands = Array.from({ length: count }, () => ({ batches: [] as Batch[], tokens: 0 }))
  for (const batch of [...batches].sort((a, b) => b.ids.length - a.ids.length)) {
    const least = hands.reduce((a, b) => (b.tokens < a.tokens ? b : a))
    least.batches.push(batch)
    least.tokens += batch.ids.length
  }
  return hands.map((hand) => hand.batches)
}

/** Hands each task to the first session that is free, in the order in which tasks came. */
function queueFor(sessions: Session[]) {
  const free = [...sessions]
  const waiting: ((session: Session) => void)[] = []
  return async <T>(task: (session: Session) => Promise<T>): Promise<T> => {
    const session = free.pop() ?? (await new Promise<Session>((take) => waiting.push(take)))
    try {
      return await task(session)
    } finally {
      const next = waiting.shift()
      if (next) next(session)
      else free.push(session)
    }
  }
}
