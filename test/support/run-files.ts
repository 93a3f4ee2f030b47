/** The files of a run whose numbers are known. */
import { jsonl, type TestDirectory } from './directory.js'

export interface KnownDoc {
  text: string
  chunk: string
  /** `p`: positive; a tier: negative of it. */
  tier: 'p' | 'hard' | 'random' | 'suspect'
  rank?: number
  score?: number
  reranker?: number
}

export interface KnownRow {
  question: string
  answer: string
  docs: KnownDoc[]
  excluded?: { chunk: string; reason: string; score?: number }[]
}

export function dataLine({ question, answer, docs }: KnownRow): object {
  return {
    question,
    docs: docs.map(({ text }) => text),
    gold_answer: answer,
    answer,
    pos_index: docs.flatMap(({ tier }, i) => (tier === 'p' ? [i] : [])),
  }
}

export function provenanceLine({ docs, excluded = [] }: KnownRow, i: number): object {
  const roles = { p: 'positive', hard: 'hard negative', suspect: 'hard negative', random: 'random negative' }
  return {
    question_id: `q${i + 1}`,
    source: `qa.jsonl:${i + 1}`,
    seed: 42,
    embedder: 'known-embedder',
    reranker: null,
    thresholds: null,
    docs: docs.map(({ chunk, tier, rank, score, reranker }) => ({
      role: roles[tier],
      tier: tier === 'p' ? null : tier,
      chunk_id: chunk,
      rank: rank ?? null,
      embedder_score: score ?? null,
      reranker_score: reranker ?? null,
    })),
    excluded: excluded.map(({ chunk, reason, score }) => ({
      chunk_id: chunk,
      rank: 9,
      embedder_score: score ?? null,
      reranker_score: null,
      reason,
    })),
  }
}

export async function writeRun(directory: TestDirectory, name: string, rows: KnownRow[]): Promise<void> {
  await directory.write(`${name}/end_to_end_data.jsonl`, jsonl(...rows.map(dataLine)))
  await directory.write(`${name}/end_to_end_data.provenance.jsonl`, jsonl(...rows.map(provenanceLine)))
  const report = { top_k: rows[0]?.docs.length, seed: 42, embedder: 'known-embedder', reranker: null }
  await directory.write(`${name}/report.json`, JSON.stringify(report))
}

/** Row i of many: three documents, the positive first in turn, the negatives of a ring of chunks. */
export function ringRow(i: number): KnownRow {
  const docs: KnownDoc[] = [
    { text: `The answer to ${i} is ${i * i}.`, chunk: `p${i}`, tier: 'p', rank: 1, score: 0.9 },
    { text: `Passage ${i % 10} says nothing of it.`, chunk: `n${i % 10}`, tier: 'hard', rank: 2, score: 0.5 },
    { text: `Passage ${(i + 1) % 10} neither.`, chunk: `n${(i + 1) % 10}`, tier: 'random', score: 0.1 },
  ]
  const turned = i % 3
  return {
    question: `What is ${i} times ${i}?`,
    answer: String(i * i),
    docs: [...docs.slice(turned), ...docs.slice(0, turned)],
  }
}
