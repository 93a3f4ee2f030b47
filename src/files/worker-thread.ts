/**
 * Calls into a worker thread, and the thread's side of them.
 *
 * A thread is not terminated: native code that is stopped in the middle aborts the process.
 * It is asked to stop, and does so between two calls. Only one that runs no native code, and gives no sign of life, is.
 */
import '../runtime/telemetry.js'
import { isMainThread, parentPort, type Transferable, Worker, workerData } from 'node:worker_threads'
import { ClaraError, type ErrorCode } from '../errors.js'

interface Request {
  id: number
  method: string
  args: unknown
}

type Reply =
  | { id: number; result: unknown }
  | { id: number; error: { code: ErrorCode | undefined; message: string; stack: string | undefined } }

/** What the thread offers: each method takes one plain value and returns another. */
// biome-ignore lint/suspicious/noExplicitAny: a table of methods of any types; `call` gives them back
export type Methods = Record<string, (args: any) => unknown>

type Returned<T> = Awaited<T> extends Moved<infer V> ? V : Awaited<T>

export interface WorkerThread<M extends Methods> {
  call<K extends keyof M & string>(
    method: K,
    args: Parameters<M[K]>[0],
    transfer?: Transferable[],
  ): Promise<Returned<ReturnType<M[K]>>>
  /** Lets the call that is under way end; those that wait behind it are rejected. */
  close(): Promise<void>
}

/** Of this process. */
const running = new Set<WorkerThread<Methods>>()

/** Closes every thread: for the end of a process, which would otherwise terminate them. */
export async function closeThreads(): Promise<void> {
  await Promise.all(Array.from(running, (thread) => thread.close()))
}

/** Wraps what a method returns, to move its buffers instead of copying them. */
export class Moved<T> {
  constructor(
    readonly value: T,
    readonly buffers: Transferable[],
  ) {}
}

/** Ends a thread that is stuck: nothing in it may be native code. */
interface Watch {
  /** Without a sign of life while a call is under way: neither `signOfLife()` nor a turn of the thread's event loop. */
  seconds: number
  /** What the calls that wait are rejected with. */
  error: () => Error
}

const STOP = 0
const LIFE = 1

/**
 * @param url of the thread's module, which calls `serve`.
 * Calls run one after the other in the thread; a thread that dies rejects all that wait.
 */
export function startWorker<M extends Methods>(url: URL, name: string, watch?: Watch): WorkerThread<M> {
  const signals = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(url, { name, workerData: signals })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let next = 0
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  worker.on('message', (reply: Reply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiting.size === 0 && Atomics.load(signals, STOP) === 0) worker.unref()
    if ('error' in reply) call?.reject(revive(reply.error))
    else call?.resolve(reply.result as never)
  })
  worker.on('error', fail)
  // A second at a time: a process that was stopped, or busy itself, does not count as a silent thread.
  let [life, silent] = [0, 0]
  const timer =
    watch &&
    setInterval(() => {
      const now = Atomics.load(signals, LIFE)
      silent = waiting.size > 0 && now === life ? silent + 1 : 0
      life = now
      if (silent < watch.seconds) return
      clearInterval(timer)
      fail(watch.error())
      void worker.terminate()
    }, 1000).unref()
  worker.on('exit', (code) => {
    running.delete(thread)
    clearInterval(timer)
    const closed = Atomics.load(signals, STOP) === 1
    fail(
      closed
        ? new ClaraError('usage', `${name}: was closed: its thread has ended`)
        : new Error(`${name}: the thread ended with code ${code}`),
    )
  })
  worker.unref()
  const thread: WorkerThread<M> = {
    call(method, args, transfer = []) {
      if (failure) return Promise.reject(failure)
      return new Promise((resolve, reject) => {
        const id = next++
        worker.postMessage({ id, method, args } satisfies Request, transfer)
        waiting.set(id, { resolve, reject })
        worker.ref()
      })
    },
    async close() {
      Atomics.store(signals, STOP, 1)
      worker.ref()
      worker.postMessage('stop')
      await ended
    },
  }
  running.add(thread)
  return thread
}

function revive(error: { code: ErrorCode | undefined; message: string; stack: string | undefined }): Error {
  if (error.code) return new ClaraError(error.code, error.message)
  const revived = new Error(error.message)
  if (error.stack) revived.stack = error.stack
  return revived
}

let ownSignals: Int32Array | undefined

/** For a thread whose calls may take long, now and then while they do. */
export function signOfLife(): void {
  if (ownSignals) Atomics.add(ownSignals, LIFE, 1)
}

/** The thread's side: answers calls in the order in which they came. */
export function serve(methods: Methods): void {
  if (isMainThread || !parentPort) throw new Error('serve() runs in a worker thread')
  const port = parentPort
  const signals: Int32Array = workerData
  ownSignals = signals
  setInterval(signOfLife, 500).unref()
  let tail = Promise.resolve()
  port.on('message', (request: Request | 'stop') => {
    tail = tail.then(async () => {
      if (Atomics.load(signals, STOP) === 1 || request === 'stop') process.exit(0) // ends the thread alone
      const { id, method, args } = request
      try {
        const run = methods[method]
        if (!run) throw new Error(`no method ${method}`)
        const result = await run(args)
        if (result instanceof Moved) port.postMessage({ id, result: result.value }, result.buffers)
        else port.postMessage({ id, result })
      } catch (error) {
        const { message, stack } = error instanceof Error ? error : new Error(String(error))
        const code = error instanceof ClaraError ? error.code : undefined
        port.postMessage({ id, error: { code, message, stack } })
      }
    })
  })
}
