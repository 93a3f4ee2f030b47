/** Final scores of rows: by native code where it is there, the same bits without. */
import { chooseEngine } from '../graph/engine-choice.js'
import { dot, fold, SUMS } from '../rank.js'

/**
 * As `dot`, of the rows at the first `count` places.
 * @param vectors [rows, dims of the query]
 */
export type ScoreRows = (
  query: Float32Array,
  vectors: Float32Array,
  places: Int32Array,
  count: number,
  scores: Float32Array,
) => void

/** @throws ClaraError `usage` when CLARA_INDEX_ENGINE asks for native code that is not there. */
export function rowScorer(): ScoreRows {
  const choice = chooseEngine()
  return choice.engine === 'native' ? choice.addon.scoreRows : scoreRows
}

export const scoreRows: ScoreRows = (query, vectors, places, count, scores) => {
  const whole = count - (count % 4)
  for (let i = 0; i < whole; i += 4) scoreFour(query, vectors, places, i, scores)
  for (let i = whole; i < count; i++) scores[i] = dot(query, vectors, places[i]! * query.length)
}

/** Of four rows. */
const sums = new Float64Array(4 * SUMS)

/** A sum has to wait for each of its own additions, but those of four rows go on side by side. */
function scoreFour(
  query: Float32Array,
  vectors: Float32Array,
  places: Int32Array,
  first: number,
  scores: Float32Array,
): void {
  const dims = query.length
  const start = (row: number) => places[first + row]! * dims
  const [a, b, c, d] = [start(0), start(1), start(2), start(3)]
  for (let lane = 0; lane < SUMS; lane++) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let i = lane; i < dims; i += SUMS) {
      const value = query[i]!
      s0 += value * vectors[a + i]!
      s1 += value * vectors[b + i]!
      s2 += value * vectors[c + i]!
      s3 += value * vectors[d + i]!
    }
    sums[lane] = s0
    sums[SUMS + lane] = s1
    sums[2 * SUMS + lane] = s2
    sums[3 * SUMS + lane] = s3
  }
  for (let row = 0; row < 4; row++) {
    const sum = (lane: number) => sums[row * SUMS + lane]!
    scores[first + row] = fold(sum(0), sum(1), sum(2), sum(3), sum(4), sum(5), sum(6), sum(7))
  }
}
