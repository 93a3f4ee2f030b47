/**
 * Whether asking an endpoint leads to anything. Until something has succeeded few calls are made, and where all of
 * them come to nothing the run stops and says why: most often one setting is wrong, and every further call would be
 * paid for the same nothing.
 */
import { setImmediate } from 'node:timers/promises'
import { ClaraError } from '../errors.js'
import { FIRST_CALLS } from './call-window.js'
import type { Failure, FailureKind } from './failure.js'

export interface Trial {
  /** With what is known from before. @throws ClaraError `llm` where that is enough to say that nothing will come. */
  begin(before: Beginning): void
  /** Calls that may be under way, where the next is about something new, or was made before. */
  most(again: boolean): number
  call(): TrialCall
  /** A reply could be used. */
  succeed(): void
  /** A reply was paid for and cannot be used. */
  waste(cause: Cause): void
  /** No reply, after all tries. @throws ClaraError `llm` where the endpoint is not there, or refuses the account. */
  fail(failure: Failure): void
  /** Of what has come by now. @throws ClaraError `llm` where there is no point in asking on. */
  verdict(): Promise<void>
  /** Work on an item; a repair in it waits until others were tried. */
  item<T>(work: () => Promise<T>): Promise<T>
  /** Asks about the same again when that is worth it: something else succeeded, or everything was as bad. @throws `signal.reason` */
  repair<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T>
  onSuccess(listener: () => void): void
}

/** It may succeed from its first try until it ends. */
export interface TrialCall {
  /** A try of it. */
  begin(): void
  /** A try failed. @returns whether there is a point in another, as far as the others have come. */
  fail(kind: FailureKind): boolean
  end(): void
}

/** Why something came to nothing. */
export interface Cause {
  /** One line. */
  problem: string
  /** What to do where everything has this cause. */
  remedy: string
}

interface Beginning {
  /** The endpoint's, for messages. */
  name: string
  /** Something succeeded before this run. */
  succeeded: boolean
  /** Came to nothing before this run, with the same settings. */
  wasted: readonly Cause[]
  /** For the message: what to do to ask all the same, where nothing was changed. */
  insist: string
}

/** Replies that may be paid for before one can be used; the first of them are about an item each, the others are repairs. */
const MOST_WASTED = 16
const FIRST_WASTED = 12
/** Tries that got no answer and may have been paid for, after which each further call is tried once. */
const MOST_TRIES = 10
const ANSWERS_WITHOUT_WORK = new Set<FailureKind>(['throttled', 'unreachable'])
/** Items without an answer that stand for all of them, while nothing has succeeded: what was tried often is surer. */
const ENOUGH: Record<FailureKind, number> = {
  fatal: 1,
  unreachable: 1,
  late: 2,
  throttled: 4,
  full: 4,
  busy: 4,
  rejected: 5,
  unclear: 5,
  refused: MOST_WASTED,
  broken: 5,
  garbled: 5,
}
/** Items in a row that got no answer, after others did: and so many times what had been usual. A late one takes minutes. */
const MOST_UNANSWERED = 32
const TIMES_THE_USUAL = 10
const LATE = 4

const WAS_ANSWERED = new Set<FailureKind>(['throttled', 'full', 'busy', 'rejected', 'refused'])

const TOO_LONG_REMEDY =
  'lower --max-output-tokens or --chunk-tokens, or start the server with a longer context'

const REMEDIES: Record<FailureKind, string> = {
  fatal: '',
  unreachable: 'check --base-url, and that the server runs',
  late: 'check that the server runs; a slow one needs a longer --timeout',
  throttled: 'it takes no calls: try again later, or with --requests-per-minute',
  full: TOO_LONG_REMEDY,
  busy: 'its own log may say why',
  rejected: 'it refuses every request alike: check --model, --base-url and --request-param',
  refused: 'another --model or endpoint may take these texts',
  unclear: 'check that this API key may use this model',
  broken: 'check --base-url, and the log of the server or of a proxy before it',
  garbled: 'check that --base-url is the address of an API and not of a web page: most end in /v1',
}

/** What the system says of an address, and what to do about it. */
const ADDRESS_REMEDIES: [RegExp, string][] = [
  [
    /ENOTFOUND|EAI_AGAIN/,
    'no such host is known: check --base-url for a slip, and HTTPS_PROXY where there is a proxy',
  ],
  [/ECONNREFUSED/, 'nothing listens there: check that the server runs, and the port of --base-url'],
  [
    /certificate|CERT|self.signed/i,
    "its certificate is not known here: NODE_EXTRA_CA_CERTS=FILE adds your organisation's",
  ],
  [/EPROTO|wrong version number|packet length/i, 'it does not speak TLS: try http:// in --base-url'],
  [/proxy/i, 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY'],
]

/** What a server says of a request, and what to do about it. */
const REQUEST_REMEDIES: [RegExp, string][] = [
  [/enable_thinking/i, 'it may take --request-param enable_thinking=false'],
  [/\bstream(?:ing)?\b/i, 'it may take --request-param stream=true'],
  [
    /context (?:length|size|window)|max_new_tokens|maximum context|too (?:long|large|many tokens)/i,
    TOO_LONG_REMEDY,
  ],
]

/** @param what is asked about, in the plural. */
export function createTrial(what: string): Trial {
  const causes = new Map<string, Cause & { count: number }>()
  let name = ''
  let isOver = false
  let wastes = 0
  let failures = 0 // in shares of enough
  let unanswered = 0
  let [successes, failed] = [0, 0]
  let items = 0
  let repairing = 0
  let underWay = 0
  let waiting = 0 // of those under way, before another try
  let tries = 0 // that failed
  const repairs = new Set<() => void>()
  const listeners: (() => void)[] = []

  const letRepair = () => {
    const nothingElse = wastes >= FIRST_WASTED || repairs.size + repairing >= items
    for (const go of repairs) {
      if (!isOver && (!nothingElse || wastes + underWay + repairing >= MOST_WASTED)) return
      go()
    }
  }
  const note = ({ problem, remedy }: Cause) => {
    const kind = kindOf(problem)
    causes.set(kind, { problem, remedy, count: (causes.get(kind)?.count ?? 0) + 1 })
  }
  const stop = (more = ''): never => {
    const all = [...causes.values()].sort((a, b) => b.count - a.count)
    const [{ problem, remedy, count }] = all as [Cause & { count: number }]
    const total = all.reduce((sum, cause) => sum + cause.count, 0)
    const share = count === total ? `all ${total}` : `${count} of ${total}`
    throw new ClaraError(
      'llm',
      `${name}: stopped, because no reply about ${what} could be used, ` +
        `${share} for the same reason: ${problem}: ${remedy}${more}`,
    )
  }
  const isEnough = () => !isOver && (wastes >= MOST_WASTED || failures > 1 - 1e-9)
  return {
    begin(before) {
      name = before.name
      isOver = before.succeeded
      if (isOver) return
      wastes = before.wasted.length
      for (const cause of before.wasted) note(cause)
      if (wastes < MOST_WASTED) return
      stop(`; nothing was asked anew, because nothing that matters to it was changed${before.insist}`)
    },
    most(again) {
      if (isOver) return Number.POSITIVE_INFINITY
      if (again) return FIRST_CALLS // what was begun comes to its end
      if (isEnough()) return 0
      const left = repairs.size > 0 ? FIRST_WASTED - wastes : MOST_WASTED - wastes - repairing
      return Math.max(0, Math.min(FIRST_CALLS, left) - waiting)
    },
    call() {
      let state: 'new' | 'trying' | 'waiting' = 'new'
      const leave = () => {
        if (state === 'waiting') waiting--
      }
      return {
        begin() {
          leave()
          if (state === 'new') underWay++
          state = 'trying'
        },
        fail(kind) {
          state = 'waiting'
          waiting++
          return ANSWERS_WITHOUT_WORK.has(kind) || isOver || ++tries < MOST_TRIES
        },
        end() {
          if (state === 'new') return
          leave()
          underWay--
          letRepair()
        },
      }
    },
    succeed() {
      unanswered = 0
      successes++
      if (isOver) return
      isOver = true
      for (const listener of listeners) listener()
      letRepair()
    },
    waste(cause) {
      unanswered = 0
      if (isOver) return
      wastes++
      note(cause)
      letRepair()
    },
    fail(failure) {
      const { kind, reason } = failure
      if (kind === 'fatal') throw new ClaraError('llm', `${name}: ${reason}`)
      if (kind === 'unreachable') throw new ClaraError('llm', `${name}: ${reason}: ${remedyFor(failure)}`)
      if (!isOver) {
        failures += 1 / ENOUGH[kind]
        note({ problem: reason, remedy: remedyFor(failure) })
      }
      failed++
      if (WAS_ANSWERED.has(kind)) unanswered = 0
      else unanswered += kind === 'late' ? LATE : 1
      if (unanswered >= Math.max(MOST_UNANSWERED, (TIMES_THE_USUAL * failed) / Math.max(1, successes))) {
        throw new ClaraError(
          'llm',
          `${name}: no answer any more about ${what}: ${reason}: ${remedyFor(failure)}; ` +
            'then run again, replies received so far are kept',
        )
      }
    },
    async verdict() {
      if (!isEnough()) return
      await setImmediate() // what came in the same moment is judged first
      if (isEnough() && underWay === 0) stop('; what was paid for is kept')
    },
    async item(work) {
      items++
      try {
        return await work()
      } finally {
        items--
        letRepair()
      }
    },
    async repair(signal, ask) {
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', leave)
          repairs.delete(go)
          repairing++
          resolve()
        }
        const leave = () => {
          repairs.delete(go)
          reject(signal.reason)
        }
        signal.addEventListener('abort', leave, { once: true })
        repairs.add(go)
        letRepair()
      })
      try {
        return await ask()
      } finally {
        repairing--
      }
    },
    onSuccess(listener) {
      listeners.push(listener)
    },
  }
}

function remedyFor({ kind, reason }: Failure): string {
  const known = kind === 'unreachable' || kind === 'broken' ? ADDRESS_REMEDIES : []
  const found = (kind === 'rejected' ? REQUEST_REMEDIES : known).find(([pattern]) => pattern.test(reason))
  return found?.[1] ?? REMEDIES[kind]
}

/** Without what differs from case to case: numbers, and what is quoted. */
function kindOf(problem: string): string {
  return problem.replace(/:.*$/s, '').replace(/\d+/g, '#').slice(0, 80)
}
