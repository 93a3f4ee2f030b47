/**
 * In which form an endpoint takes a request: found out once, by the first call that it refuses for its form, while the
 * others wait. Servers say so with any status (400, 404, 422, 500, 501) and in any words, or none; what counts is that the
 * same is answered in another form.
 */
import { type Failure, MISHAP } from './failure.js'

export interface RequestForm {
  /** How the form of the reply is asked for, beside the prompt. */
  format: 'json_schema' | 'json_object' | 'none'
  /** The name of the longest reply's field. */
  limit: 'max_completion_tokens' | 'max_tokens'
  /** Whether the instructions are a message of their own; else they go before the user's. */
  system: 'own' | 'merged'
}

export const FULL_FORM: RequestForm = { format: 'json_schema', limit: 'max_completion_tokens', system: 'own' }

type Field = keyof RequestForm

const NEXT: { [F in Field]: Partial<Record<RequestForm[F], RequestForm[F]>> } = {
  format: { json_schema: 'json_object', json_object: 'none' },
  limit: { max_completion_tokens: 'max_tokens' },
  system: { own: 'merged' },
}
/** The order in which they are given up where the server does not say which it means. */
const FIELDS = Object.keys(NEXT) as Field[]

const NAMED: Record<Field, RegExp> = {
  format: new RegExp(
    `response_?format|json_?(?:schema|object|mode)|json mode|structured|guided|grammar|\\bschema\\b|${MISHAP.source}`,
    'i',
  ),
  limit: /max_(?:completion_)?tokens/i,
  system:
    /\bsystem[ _-](?:role|message|prompt|instruction)|\brole\b[^.]{0,60}\bsystem\b|'system'|"system"|roles? must alternate|only user and assistant|developer instruction|unknown role|messages?[[.]0\]?\.role/i,
}
const UNKNOWN =
  /unsupported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|forbidden|extra|invalid (?:parameter|argument|field)/i
const OF_LENGTH = /\brange\b|context|too (?:long|large|many)|exceed|at most|less than|greater than|maximum/i
/** What has nothing to do with the form. */
const OF_OTHERS =
  /\bmodels?\b.{0,80}\b(?:not|exist|unavailable|deprecated|decommissioned)\b|(?:unknown|invalid|missing|such) model|context|too (?:long|large|many)|exceed|quota|\bkey\b|image/i

interface RequestForms {
  forCall(): FormOfCall
}

/** One call's part in finding out. */
export interface FormOfCall {
  /** Of the next try. */
  take(): RequestForm
  /** What to wait for before the next try: another call is finding out. */
  hold(): Promise<void> | undefined
  /** @returns whether to try again at once, in another form. */
  isRefused(failure: Failure): Promise<boolean>
  /** Its tries are over. */
  end(isAnswered: boolean): void
}

interface Search {
  over: Promise<void>
  end(): void
}

/** So many calls that are refused in every form show that it is not the form. */
const MOST_SEARCHES = 2
/** The same where the server says which field it means. */
const MOST_NAMED_SEARCHES = 8
/** A server may fail once for other reasons. */
const TRIES_OF_A_500 = 2

/**
 * @param fields those that the requests have.
 * @param remark told of each field that is given up.
 */
export function createRequestForms(fields: readonly Field[], remark: (text: string) => void): RequestForms {
  let current = FULL_FORM
  let isProven = false
  let searches = 0
  let broken = 0
  let search: Search | undefined
  /** Which may do as well: of what was given up without a word not all need have been the matter. One call tries. */
  let fuller: RequestForm | undefined
  const told = new Set<string>()

  const adopt = (form: RequestForm) => {
    current = form
    isProven = true
    searches = broken = 0
    if (!fuller) tell()
  }
  const tell = () => {
    for (const field of FIELDS.filter((each) => current[each] !== FULL_FORM[each])) {
      const text = givenUp(field, current)
      if (!told.has(text)) remark(text)
      told.add(text)
    }
  }

  return {
    forCall() {
      let own: Search | undefined
      let form = current
      let changed: Field[] = []
      const named = new Set<Field>()
      let isOver = false // every form was tried
      let isTrial = false
      let isBroken = false // what it answered may have been the server's state

      const begin = () => {
        let end = () => {}
        const over = new Promise<void>((resolve) => {
          end = resolve
        })
        search = own = { over, end }
        searches++
      }
      const stop = () => {
        search = undefined
        own?.end()
        own = undefined
        isOver = true
      }
      /** The form with one field more given up. */
      const step = (reason: string): boolean => {
        const left = fields.filter((field) => after(field, form[field]) !== undefined)
        const meant = left.filter((field) => NAMED[field].test(reason))
        const isMute = meant.length === 0 && !isProven && !OF_OTHERS.test(reason)
        const field = meant[0] ?? (isMute ? left[0] : undefined)
        if (field === undefined || (field === 'limit' && OF_LENGTH.test(reason) && !UNKNOWN.test(reason)))
          return false
        if (!own) begin()
        if (meant.length > 0) named.add(field)
        changed = [...changed.filter((each) => each !== field), field]
        form = { ...form, [field]: after(field, form[field]) }
        return true
      }
      return {
        take() {
          if (own) return form
          form = fuller ?? current
          isTrial = fuller !== undefined
          fuller = undefined
          return form
        },
        hold: () => (own ? undefined : search?.over),
        async isRefused(failure) {
          if (isOver || !mayBeForm(failure)) return false
          if (isTrial) {
            tell()
            return true // with what is known to do
          }
          if (!own && search) await search.over
          if (!own && form !== current) return true
          const isMishap = failure.kind === 'broken'
          const isNamed = !isMishap && FIELDS.some((field) => NAMED[field].test(failure.reason))
          if (!isNamed && !own && (isMishap || failure.status === 500)) {
            isBroken = true
            if (++broken < TRIES_OF_A_500) return false
          }
          if (!own && searches >= (isNamed ? MOST_NAMED_SEARCHES : MOST_SEARCHES)) return false
          if (step(failure.reason)) return true
          if (own) stop()
          return false
        },
        end(isAnswered) {
          if (isAnswered && !own && (isTrial || form === current)) adopt(form)
          if (!own) return
          const last = changed.at(-1)
          if (isAnswered && last) {
            const needed = changed.filter((field) => named.has(field) || field === last)
            if (isBroken && named.size === 0) fuller = current
            else if (needed.length < changed.length) fuller = withFields(current, needed, form)
            adopt(form)
          }
          stop()
        },
      }
    },
  }
}

function withFields(form: RequestForm, fields: Field[], other: RequestForm): RequestForm {
  return { ...form, ...Object.fromEntries(fields.map((field) => [field, other[field]])) }
}

function after(field: Field, value: string): string | undefined {
  return (NEXT[field] as Record<string, string>)[value]
}

function mayBeForm({ kind, status, reason }: Failure): boolean {
  if (kind === 'rejected') return status !== 413
  if (kind === 'broken') return MISHAP.test(reason)
  return (kind === 'fatal' && status === 404) || (kind === 'busy' && status === 500)
}

function givenUp(field: Field, form: RequestForm): string {
  if (field === 'limit') return 'the endpoint takes no max_completion_tokens: it is asked with max_tokens'
  if (field === 'system')
    return 'the endpoint takes no system message: what is asked stands before the passage'
  const instead = form.format === 'none' ? 'by the prompt alone' : 'with json_object'
  return `the endpoint takes no response_format of that kind: the form of replies is asked for ${instead}`
}
