/**
 * What an embedder gives texts that have nothing to do with each other: near 0 by one model, 0.8 by another, more within a language than
 * across. Measured on chunks drawn from the corpus, so that a score means the same whatever the model.
 */
import type { Index } from '../index/open.js'
import { dot } from '../index/rank.js'
import { cosine } from '../inference/cosine.js'
import { type Language, languageOf } from '../questions/language.js'
import { median } from './calibrate.js'
import { drawn } from './candidates.js'
import type { Corpus, CorpusChunk } from './corpus.js'
import { randomFor } from './random.js'

/** Chunks that it is measured on. */
const SAMPLED = 512
/** A language counts from so many chunks of those on. */
const LEAST_OF_LANGUAGE = 8

/** What a chunk is in; `all` where the corpus has one language. */
export type Group = Language | 'other' | 'all'

export interface Placed {
  /** -1 for a text that no corpus holds. */
  position: number
  group: Group
  vector: Float32Array
}

/** Neighbours among which a translation is looked for: of XQuAD's passages each is the nearest in the other language. */
const TRANSLATION_DEPTH = 16
/** On the scale where 0 is two chunks drawn at random: 99 of 100 translations have more. */
const LEAST_TRANSLATION = 0.25

export interface Background {
  /** In the order of their first chunk; one, `all`, where there is one language. */
  groups: Group[]
  groupOf(text: string): Group
  sample: Placed[]
  /** @returns the score of a vector and a chunk of a group, on average. */
  zero(vector: Float32Array, group: Group): number
  /** @returns the vector without what tells languages apart; itself where there is one. */
  neutral(vector: Float32Array): Float32Array
  /** @returns positions of the chunks in other languages that may say what a chunk says. */
  translations(vector: Float32Array, group: Group): Promise<number[]>
  /** @returns a cosine of two chunks such that 0 is of two that were drawn, 1 of equal ones. */
  scaled(cosine: number, one: Group, other: Group): number
}

/** Of an index, measured once. */
const measured = new WeakMap<Index, Promise<Background>>()

export function backgroundOf(index: Index, corpus: Corpus): Promise<Background> {
  let background = measured.get(index)
  if (!background) {
    background = measure(index, corpus)
    measured.set(index, background)
  }
  return background
}

async function measure(index: Index, corpus: Corpus): Promise<Background> {
  const draws = drawn(corpus.count, () => randomFor('background'), corpus.positionAt)
  const positions = Array.from(
    { length: Math.min(SAMPLED, corpus.count) },
    () => draws.next().value!.position,
  )
  const vectors = await index.vectors(positions)
  const texts = await Promise.all(positions.map((position) => corpus.read(position)))
  const { dims } = index.manifest
  const background = backgroundFrom(
    texts.map(({ text, position }, i) => ({
      text,
      position,
      vector: vectors.subarray(i * dims, (i + 1) * dims),
    })),
  )
  if (background.groups.length === 1) return background
  return {
    ...background,
    translations: (vector, group) => findTranslations(vector, group, { index, corpus, background }),
  }
}

interface Grounds {
  index: Index
  corpus: Corpus
  background: Background
}

/** The nearest chunk of each other language, where it is near at all. */
async function findTranslations(
  vector: Float32Array,
  group: Group,
  { index, corpus, background }: Grounds,
): Promise<number[]> {
  const { ids } = await index.search(background.neutral(vector), TRANSLATION_DEPTH)
  const seen = new Set([group])
  const found: number[] = []
  for (const position of ids) {
    if (position < 0) continue
    const other = groupOfChunk(await corpus.read(position), background)
    if (seen.has(other)) continue
    seen.add(other)
    const near = background.scaled(cosine(vector, await index.vectors([position])), group, other)
    if (near >= LEAST_TRANSLATION) found.push(position)
  }
  return found
}

/** @param chunks one at least. */
export function backgroundFrom(
  chunks: { text: string; position: number; vector: Float32Array }[],
): Background {
  const languages = chunks.map(({ text }) => languageOf(text) ?? 'other')
  const counted = [...new Set(languages)].filter(
    (each) => languages.filter((one) => one === each).length >= LEAST_OF_LANGUAGE,
  )
  const groups: Group[] = counted.length > 1 ? counted : ['all']
  const groupOf = (text: string): Group => {
    if (groups.length === 1) return 'all'
    const language = languageOf(text) ?? 'other'
    return groups.includes(language) ? language : groups[0]!
  }
  const sample = chunks.map(({ text, ...placed }) => ({ ...placed, group: groupOf(text) }))
  const means = new Map(
    groups.map((group) => [
      group,
      meanOf(sample.filter((each) => each.group === group).map(({ vector }) => vector)),
    ]),
  )
  const axes = axesOf([...means.values()])
  const baselines = new Map<string, number>()
  const baseline = (one: Group, other: Group) => {
    const key = [one, other].sort().join()
    let found = baselines.get(key)
    if (found === undefined) {
      found = baselineOf(sample, one, other)
      baselines.set(key, found)
    }
    return found
  }
  return {
    groups,
    groupOf,
    sample,
    zero: (vector, group) => dot(vector, means.get(group)!, 0),
    neutral: (vector) => without(vector, axes),
    translations: async () => [],
    scaled(value, one, other) {
      const random = baseline(one, other)
      return random < 1 ? (value - random) / (1 - random) : value
    },
  }
}

function meanOf(vectors: Float32Array[]): Float32Array {
  const sum = new Float64Array(vectors[0]!.length)
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!
  return Float32Array.from(sum, (value) => value / vectors.length)
}

/** Median cosine of two chunks of these groups, each chunk with the next ones of the sample; 0 where there are no two. */
const NEXT = 8

function baselineOf(sample: Placed[], one: Group, other: Group): number {
  const cosines: number[] = []
  for (const [i, a] of sample.entries()) {
    if (a.group !== one) continue
    let left = NEXT
    for (let n = 1; n < sample.length && left > 0; n++) {
      const b = sample[(i + n) % sample.length]!
      if (b.group !== other) continue
      cosines.push(cosine(a.vector, b.vector))
      left--
    }
  }
  return cosines.length === 0 ? 0 : median(Float32Array.from(cosines))
}

/**
 * The directions in which the means of languages differ, of unit length and at right angles to each other. Without them a vector has next
 * to no language (Yang et al. 2021, arXiv 2109.04727).
 */
function axesOf([first, ...others]: Float32Array[]): Float32Array[] {
  const axes: Float32Array[] = []
  for (const mean of others) {
    const rest = without(
      mean.map((value, i) => value - first![i]!),
      axes,
    )
    const length = Math.sqrt(dot(rest, rest, 0))
    if (length > 1e-6) axes.push(rest.map((value) => value / length))
  }
  return axes
}

function without(vector: Float32Array, axes: Float32Array[]): Float32Array {
  return axes.reduce((rest, axis) => {
    const along = dot(rest, axis, 0)
    return rest.map((value, i) => value - along * axis[i]!)
  }, vector)
}

/** It is a candidate of many questions. */
const groups = new WeakMap<CorpusChunk, Group>()

export function groupOfChunk(chunk: CorpusChunk, background: Background): Group {
  if (background.groups.length === 1) return background.groups[0]!
  let group = groups.get(chunk)
  if (!group) {
    group = background.groupOf(chunk.text)
    groups.set(chunk, group)
  }
  return group
}
