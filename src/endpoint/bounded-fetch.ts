/** fetch that reads no further than a reply can sensibly be long, whatever the server sends. */
import { openDispatcher, proxiesNamed } from '../models/proxy.js'

/** A status that is none of success. The openai package keeps one field of such an answer's body; here is all of it. */
export class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly body: string,
  ) {
    super(`status ${status}`) // no words of the server's: the package takes some for its own
  }
}

type Fetch = typeof fetch

/**
 * Behind `maxBytes` of the body its stream ends with an error. Redirects are not followed: passages
 * and key are for the host that was named. What is fetched throws StatusError.
 */
export function boundedFetch(maxBytes: number): Fetch {
  // Node's own way where there is no proxy; it takes undici's dispatchers, whose types it does not know.
  const by = proxiesNamed().length > 0 ? ({ dispatcher: openDispatcher() } as object) : {}
  return async (url, init) => {
    const response = await fetch(url, { ...init, ...by, redirect: 'manual' })
    if (!response.body && response.ok) return response
    if (!response.body) throw new StatusError(response.status, response.headers, '')
    const { status, statusText, headers } = response
    const bounded = new Response(response.body.pipeThrough(upTo(maxBytes)), { status, statusText, headers })
    if (response.ok) return bounded
    throw new StatusError(status, headers, await bounded.text().catch(() => ''))
  }
}

function upTo(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform(part, controller) {
      bytes += part.byteLength
      if (bytes > maxBytes)
        controller.error(new Error(`it is longer than ${Math.round(maxBytes / 2 ** 20)} MiB`))
      else controller.enqueue(part)
    },
  })
}
