/** Processes that parse: started when needed, used again while they behave, killed at their limits. */
import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Fitted } from './fit-image.js'
import type { ParseReply, ParseRequest, RedrawRequest } from './parse.child.js'

export interface ChildLimits {
  /** For one file. */
  timeoutMs: number
  /** Of one process, resident. */
  memoryMib: number
}

export interface Children {
  /** What goes wrong with the process is in the reply. Rejects when closed. */
  parse(request: ParseRequest): Promise<ParseReply>
  /** As `parse`. */
  redraw(request: RedrawRequest): Promise<Fitted>
  close(): void
}

const WATCH_MS = 200
/** Memory is not all given back; a new process begins with little. */
const FILES_PER_CHILD = 100
const PAGE_BYTES = 4096
const SELF = new URL('./parse.child.js', import.meta.url)

/** Of this process; those of an interrupted command go with it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function startChildren(limits: ChildLimits): Children {
  const idle: { child: ChildProcess; files: number }[] = []
  let closed = false
  const ask = async <Reply>(request: ParseRequest | RedrawRequest) => {
    if (closed) throw new Error('closed')
    const used = idle.pop() ?? { child: await startChild(limits), files: 0 }
    used.files++
    const reply = await askChild<Reply>(used.child, request, limits)
    // what it holds of this file must not count against the next
    const isLean = (await residentBytes(used.child.pid!)) < limits.memoryMib * 2 ** 19
    if (isWell(used.child) && isLean && used.files < FILES_PER_CHILD && !closed) idle.push(used)
    else used.child.kill('SIGKILL')
    return reply
  }
  return {
    parse: (request) => ask<ParseReply>(request),
    redraw: (request) => ask<Fitted>(request),
    close() {
      closed = true
      for (const { child } of idle.splice(0)) child.kill('SIGKILL')
    },
  }
}

/** One that was killed may still be there for a moment. */
function isWell({ connected, killed, exitCode, signalCode }: ChildProcess): boolean {
  return connected && !killed && exitCode === null && signalCode === null
}

/** Its start is not on the first file's clock. */
async function startChild({ memoryMib }: ChildLimits): Promise<ChildProcess> {
  const { SystemRoot, ORT_DISABLE_TELEMETRY } = process.env // without the first Windows starts nothing
  const child = fork(SELF, {
    execArgv: [`--max-old-space-size=${memoryMib}`],
    env: { SystemRoot, ORT_DISABLE_TELEMETRY },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.on('error', () => {}) // who asks it hears of it too; between two files nobody does
  await new Promise<void>((resolve) => {
    for (const event of ['message', 'exit', 'error']) child.once(event, () => resolve())
  })
  return child
}

function askChild<Reply>(
  child: ChildProcess,
  request: ParseRequest | RedrawRequest,
  limits: ChildLimits,
): Promise<Reply | { problem: string }> {
  if (!isWell(child)) return Promise.resolve({ problem: 'its parser cannot be started' })
  return new Promise((resolve) => {
    let done = false
    const finish = (reply: Reply | { problem: string }) => {
      done = true
      clearTimeout(deadline)
      clearInterval(watch)
      child.off('message', finish).off('error', onError).off('exit', onExit)
      resolve(reply)
    }
    const stop = (problem: string) => {
      if (done) return // another file may be in it by now
      child.kill('SIGKILL')
      finish({ problem })
    }
    const onExit = (code: number | null, signal: string | null) =>
      finish({
        problem: isOutOfMemory(code, signal)
          ? memoryProblem(limits)
          : `its parser ended with ${signal ?? `code ${code}`}`,
      })
    const onError = (error: Error) => stop(`its parser cannot be started: ${error.message}`)
    const deadline = setTimeout(
      () => stop(`took longer than ${limits.timeoutMs / 1000} s to parse (--timeout-seconds)`),
      limits.timeoutMs,
    )
    const watch = setInterval(async () => {
      if ((await residentBytes(child.pid!)) > limits.memoryMib * 2 ** 20) stop(memoryProblem(limits))
    }, WATCH_MS)
    child.once('message', finish).once('error', onError).once('exit', onExit)
    child.send(request, (error) => error && stop(`its parser cannot be reached: ${error.message}`))
  })
}

function memoryProblem({ memoryMib }: ChildLimits): string {
  return `needs more than ${memoryMib} MiB to parse (--memory-mib)`
}

/** V8 aborts where its heap is full. */
function isOutOfMemory(code: number | null, signal: string | null): boolean {
  return (
    signal === 'SIGABRT' ||
    signal === 'SIGTRAP' ||
    signal === 'SIGILL' ||
    code === 134 ||
    code === 133 ||
    code === 5
  )
}

/** 0 where the system does not say (it is Linux that does). */
async function residentBytes(pid: number): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES
}
