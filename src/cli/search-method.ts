/** Which way of searching was taken, for a person. */
import type { Index } from '../index/open.js'
import type { Found } from '../index/search.js'

/** For example: exact search (it is fast enough; about 0.4 s predicted). What nobody waits for is not predicted. */
export function methodLine({ method, plan }: Found): string {
  const wait = plan.seconds < 0.1 ? '' : `; about ${plan.seconds.toPrecision(2)} s predicted`
  return `${method} search (${plan.why}${wait})`
}

/** The same index; its first search is remarked on, and each that takes another way. */
export function remarkMethod(index: Index, remark: (text: string) => void): Index {
  let said: string | undefined
  return {
    ...index,
    async search(...request) {
      const found = await index.search(...request)
      if (found.method !== said) remark(methodLine(found))
      said = found.method
      return found
    },
  }
}
