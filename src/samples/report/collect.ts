/** The second pass: the samples that are shown, tokens of some, and texts that the first pass asked for. */
import type { CountTokens } from '../../chunks/count-tokens.js'
import type { Standing } from './caught.js'
import { spreadChoice } from './choose.js'
import type { Counted } from './count-rows.js'
import { type Role, roleOf } from './doc-tally.js'
import { type Excerpt, excerptOf, MOST_ANSWER, MOST_PASSAGE, MOST_QUESTION } from './excerpt.js'
import { createHistogram } from './histogram.js'
import { type ReportRow, readRows } from './rows.js'
import type { DataFiles } from './run-files.js'
import { type Spreads, spreadsOf } from './spread.js'
import type { WantedTexts } from './wanted.js'

export interface ShownDoc extends Standing {
  /** In `docs`, from 0. */
  position: number
  role: Role
  tier: string | undefined
  chunkId: string | undefined
  text: Excerpt
}

export interface ShownSample {
  file: DataFiles
  line: number
  source: string | undefined
  question: Excerpt
  answer: Excerpt
  docs: ShownDoc[]
  /** Documents that are left out: of a row with very many. */
  more: number
}

export interface TokenCounts {
  /** How many samples were counted. */
  samples: number
  docs: Spreads<Role>
  questions: Spreads<'question' | 'answer'>
  per_character: { docs: number; questions: number }
}

export interface CollectOptions {
  shown: number
  seed: number
  /** Without it no tokens are counted. */
  countTokens?: CountTokens | undefined
}

/** Tokens of all would take longer than everything else: so many samples, and UTF-16 units of documents, are counted. */
const COUNTED = { samples: 1000, characters: 8_000_000 }
/** A longer text is not counted. */
const MOST_COUNTED = 50_000
const MOST_DOCS = 20
const MOST_ID = 200

/** @param wanted is given what it asks for, as far as it stands in a sample. */
export async function collect(
  files: readonly DataFiles[],
  { counts: { samples: total }, characters }: Pick<Counted, 'counts' | 'characters'>,
  wanted: WantedTexts,
  { shown, seed, countTokens }: CollectOptions,
): Promise<{ samples: ShownSample[]; tokens: TokenCounts | undefined }> {
  const chosen = spreadChoice(total, shown, seed, 'shown')
  const affordable = Math.floor((COUNTED.characters * total) / Math.max(1, characters.docs))
  const most = Math.max(1, Math.min(COUNTED.samples, affordable))
  const counted = countTokens ? spreadChoice(total, most, seed, 'tokens') : []
  const tokens = createTokenTally()
  const samples: ShownSample[] = []
  const last = Math.max(-1, chosen.at(-1) ?? -1, counted.at(-1) ?? -1)
  let [ordinal, nextShown, nextCounted] = [0, 0, 0]
  // What is wrong with the files was said in the first pass.
  for await (const each of readRows(files, () => {})) {
    if (ordinal > last && wanted.isEmpty) break
    if (ordinal === chosen[nextShown]) {
      nextShown++
      samples.push(shownSample(each))
    }
    if (ordinal === counted[nextCounted]) {
      nextCounted++
      await tokens.add(each, countTokens!)
    }
    if (!wanted.isEmpty) give(each, wanted)
    ordinal++
  }
  return { samples, tokens: tokens.finish(counted.length) }
}

function give({ row, origin }: ReportRow, wanted: WantedTexts): void {
  for (const [i, doc] of (origin?.docs ?? []).entries()) {
    if (doc.chunkId !== undefined) wanted.give(doc.chunkId, row.docs[i]!)
  }
}

function shownSample({ file, row, origin }: ReportRow): ShownSample {
  const docs = row.docs.map((text, position): ShownDoc => {
    const from = origin?.docs[position]
    return {
      position,
      role: roleOf(row.positives.includes(position), from),
      tier: from?.tier?.slice(0, MOST_ID),
      chunkId: from?.chunkId?.slice(0, MOST_ID),
      rank: from?.rank,
      embedder: from?.embedder,
      reranker: from?.reranker,
      text: excerptOf(text, MOST_PASSAGE),
    }
  })
  const positives = docs.filter(({ role }) => role === 'positive').slice(0, MOST_DOCS)
  const others = docs.filter(({ role }) => role !== 'positive').slice(0, MOST_DOCS - positives.length)
  const kept = [...positives, ...others].sort((a, b) => a.position - b.position)
  return {
    file,
    line: row.line,
    source: origin?.source?.slice(0, MOST_ID),
    question: excerptOf(row.question, MOST_QUESTION),
    answer: excerptOf(row.answer, MOST_ANSWER),
    docs: kept,
    more: docs.length - kept.length,
  }
}

function createTokenTally() {
  const docs = { positive: createHistogram(1), hard: createHistogram(1), random: createHistogram(1) }
  const questions = { question: createHistogram(1), answer: createHistogram(1) }
  const sums = { docs: { tokens: 0, characters: 0 }, questions: { tokens: 0, characters: 0 } }
  const ratio = ({ tokens, characters }: (typeof sums)['docs']) =>
    characters === 0 ? 0 : Number((tokens / characters).toFixed(6))
  return {
    async add({ row, origin }: ReportRow, countTokens: CountTokens) {
      const parts = [
        { text: row.question, into: questions.question, sum: sums.questions },
        { text: row.answer, into: questions.answer, sum: undefined },
        ...row.docs.map((text, i) => ({
          text,
          into: docs[roleOf(row.positives.includes(i), origin?.docs[i])],
          sum: sums.docs,
        })),
      ].filter(({ text }) => text.trim() !== '' && text.length <= MOST_COUNTED)
      const counts = await countTokens(parts.map(({ text }) => text))
      for (const [i, { text, into, sum }] of parts.entries()) {
        into.add(counts[i]!)
        if (!sum) continue
        sum.tokens += counts[i]!
        sum.characters += text.length
      }
    },
    finish(samples: number): TokenCounts | undefined {
      if (samples === 0) return undefined
      const lengths = { until: 0.995 }
      return {
        samples,
        docs: spreadsOf(docs, lengths),
        questions: spreadsOf(questions, lengths),
        per_character: { docs: ratio(sums.docs), questions: ratio(sums.questions) },
      }
    },
  }
}
