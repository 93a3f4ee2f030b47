/** Descriptions of images, by whatever describes them. */
import { readFile } from 'node:fs/promises'
import type { FileProblem } from '../errors.js'

/** An image, where its rows say it is and where its bytes are. */
export interface Shown {
  path: string
  source: string
}

/**
 * @returns undefined for bytes that are no image of a kind that can be shown.
 * @throws where there is no point in asking for another.
 */
export type Describe = (
  bytes: Uint8Array,
  signal: AbortSignal,
) => Promise<{ text: string } | { problem: string } | undefined>

interface Describing {
  describe?: Describe | undefined
  onProblem: (problem: FileProblem) => void
  onProgress: (done: number, total: number, what: 'images') => void
}

/** Read and waiting for their turn; more would only take memory. */
const AHEAD = 32

/** @returns what each path shows. Problems are told in the order of images. */
export async function describeImages(
  images: readonly Shown[],
  { describe, onProblem, onProgress }: Describing,
): Promise<Map<string, string>> {
  const described = new Map<string, string>()
  if (!describe) return described
  const problems = new Map<Shown, string>()
  const stop = new AbortController()
  let [next, done] = [0, 0]
  let before: Promise<unknown> = Promise.resolve()
  /** Of images in their order: the first ones are asked about first, however long each takes to read. */
  const readInTurn = (source: string) => {
    const turn = Promise.allSettled([before, readFile(source)]).then(([, read]) => {
      if (read.status === 'rejected') throw read.reason
      return read.value
    })
    before = turn
    return turn
  }
  const work = async () => {
    for (let image = images[next++]; image; image = images[next++]) {
      stop.signal.throwIfAborted()
      const answer = await describe(await readInTurn(image.source), stop.signal)
      if (answer && 'text' in answer) described.set(image.path, answer.text)
      else if (answer) problems.set(image, answer.problem)
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
  await Promise.all(workers)
  for (const image of images) {
    const reason = problems.get(image)
    if (reason !== undefined) onProblem({ path: image.path, reason: `not described: ${reason}` })
  }
  return described
}
