/** fetch that reads no further than a reply can sensibly be long, whatever the server sends. */

type Fetch = typeof fetch

/**
 * Behind `maxBytes` of the body its stream ends with an error. Redirects are not followed: passages
 * and key are for the host that was named.
 */
export function boundedFetch(maxBytes: number): Fetch {
  return async (url, init) => {
    const response = await fetch(url, { ...init, redirect: 'manual' })
    if (!response.body) return response
    const { status, statusText, headers } = response
    return new Response(response.body.pipeThrough(upTo(maxBytes)), { status, statusText, headers })
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
