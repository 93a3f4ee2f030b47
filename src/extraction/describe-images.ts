/** Descriptions of images, by whatever describes them. */
import type { FileProblem } from '../errors.js'
import { type ChildLimits, type Children, startChildren } from './children.js'
import { type Fitted, fitImage, readImage } from './fit-image.js'

/** An image, where its rows say it is and where its bytes are. */
export interface Shown {
  path: string
  source: string
}

/**
 * @param prepare makes of the image what can be sent; called where it is to be sent.
 * @returns undefined for bytes that are no image of a kind that can be shown.
 * @throws where there is no point in asking for another.
 */
export type Describe = (
  bytes: Uint8Array,
  signal: AbortSignal,
  prepare: () => Promise<Fitted>,
) => Promise<Description | undefined>

/** `note`: nothing is lost by it. */
export type Description = { text: string } | { problem: string; note?: true }

interface Describing extends ChildLimits {
  describe?: Describe | undefined
  onProblem: (problem: FileProblem) => void
  onProgress: (done: number, total: number, what: 'images') => void
}

/** Read and waiting for their turn; more would only take memory. */
const AHEAD = 32

/** @returns what each path shows. Problems are told in the order of images. */
export async function describeImages(
  images: readonly Shown[],
  { describe, onProblem, onProgress, ...limits }: Describing,
): Promise<Map<string, string>> {
  const described = new Map<string, string>()
  if (!describe) return described
  const problems = new Map<Shown, { problem: string; note?: true }>()
  const stop = new AbortController()
  let [next, done] = [0, 0]
  let children: Children | undefined
  const drawing = () => (children ??= startChildren(limits))
  let before: Promise<void> = Promise.resolve()
  /**
   * Of images in their order: the first ones are asked about first, however long each takes. One at a time is read and
   * made smaller, so that only what is sent waits in memory.
   */
  const answerInTurn = ({ source }: Shown) => {
    const { promise: turn, resolve: end } = promiseWithEnd()
    const answer = before.then(async () => {
      const bytes = await readImage(source)
      if ('problem' in bytes) return bytes
      return describe(bytes, stop.signal, () => fitImage(source, drawing).finally(end))
    })
    before = turn
    return answer.finally(end)
  }
  const work = async () => {
    for (let image = images[next++]; image; image = images[next++]) {
      stop.signal.throwIfAborted()
      const answer = (await answerInTurn(image)) ?? unlikeItsName(image)
      if (answer && 'text' in answer) described.set(image.path, answer.text)
      else if (answer) problems.set(image, answer)
      onProgress(++done, images.length, 'images')
    }
  }
  const workers = Array.from({ length: Math.min(AHEAD, images.length) }, () =>
    work().catch((error) => {
      stop.abort(error)
      throw stop.signal.reason
    }),
  )
  await Promise.allSettled(workers)
  children?.close()
  await Promise.all(workers)
  for (const image of images) {
    const { problem, ...note } = problems.get(image) ?? {}
    if (problem !== undefined) onProblem({ path: image.path, reason: `not described: ${problem}`, ...note })
  }
  return described
}

/** A picture by its name; of images in documents those that are drawings keep their marks. */
function unlikeItsName({ path, source }: Shown): { problem: string } | undefined {
  return path === source ? { problem: 'is no PNG, JPEG, GIF, WebP or BMP image by its content' } : undefined
}

function promiseWithEnd(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
