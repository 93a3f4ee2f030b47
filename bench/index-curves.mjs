/** What is made of the trials of bench/index.mjs: medians, and queries a second at equal recall. */

export const round = (value, digits = 1) => Number(value.toFixed(digits))

/** Of the values of the trials. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)) }
}

/** Each point with the median of its trials. */
export function curveOf(trials) {
  return trials[0].points.map(({ queries_per_second, ...point }, i) => ({
    ...point,
    ...spread(trials.map(({ points }) => points[i].queries_per_second)),
  }))
}

/**
 * Queries a second at this recall: between the neighbouring expansions of which one finds less and the
 * other as much or more, the logarithm of the rate is interpolated linearly in recall. Where the least
 * expansion finds as much already, its rate; null where none does.
 */
export function rateAtRecall(points, k, recall) {
  const curve = points
    .filter((point) => point.k === k)
    .sort((a, b) => (a.expansion ?? 0) - (b.expansion ?? 0))
  const at = curve.findIndex((point) => point.recall >= recall)
  if (at < 0) return null
  if (at === 0) return curve[0].queries_per_second
  const [less, more] = [curve[at - 1], curve[at]]
  const share = (recall - less.recall) / (more.recall - less.recall)
  const [a, b] = [Math.log(less.queries_per_second), Math.log(more.queries_per_second)]
  return Math.exp(a + share * (b - a))
}

/** The same of each trial, as a spread; null where a trial has none. */
export function spreadAtRecall(trials, k, recall) {
  const rates = trials.map(({ points }) => rateAtRecall(points, k, recall))
  return rates.includes(null) ? null : spread(rates)
}

export function memoryOf(trials) {
  if (!trials.every(({ memory }) => memory)) return null
  const of = (value) => spread(trials.map(({ memory }) => value(memory)))
  return {
    resident_mib: of(({ after }) => after.resident_mib),
    anonymous_mib: of(({ after }) => after.anonymous_mib),
    more_resident_mib: of(({ before, after }) => after.resident_mib - before.resident_mib),
    more_anonymous_mib: of(({ before, after }) => after.anonymous_mib - before.anonymous_mib),
  }
}
