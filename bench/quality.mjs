// How good retrieval is, whatever its speed: the embedded model against its published figures, int8 against fp32, what the
// embedded reranker adds, and what the index's graph finds of what comparing all rows finds.
//
//   npm run build && node bench/quality.mjs DATA [--models DIR] [--reranker NAME] [--output FILE]
//
// DATA holds BEIR folders with qa.jsonl. DIR holds minilm-fp32 (bench/peers/make_models.py makes it); without it fp32 is left
// out. The published figures and where they stand: bench/published.json. Their task has neither titles nor two questions
// alike, so that for these our files are made so first.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openEmbedder, openIndex, resolveEmbedder } from '../dist/index.js'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { models: { type: 'string' }, reranker: { type: 'string' }, output: { type: 'string' } },
})
const data = positionals[0]
if (!data || !existsSync(join(data, 'xquad-en', 'corpus.jsonl'))) {
  console.error('usage: node bench/quality.mjs DATA, where DATA/xquad-en is a BEIR folder')
  process.exit(2)
}
const EMBEDDER = 'all-minilm-l6-v2'
const CORPORA = ['clara-pretrain', 'xquad-en', 'xquad-zh', 'cmrc2018-dev'].filter((name) =>
  existsSync(join(data, name, 'corpus.jsonl')),
)
const work = mkdtempSync(join(tmpdir(), 'clara-quality-'))
const fp32 = join(flags.models ?? '', 'minilm-fp32')
const hasFp32 = flags.models !== undefined && existsSync(fp32)
if (!hasFp32) console.error('fp32 is left out: --models DIR holds no minilm-fp32')

const jsonl = (path) => readFileSync(path, 'utf8').trim().split('\n').map(JSON.parse)
const toJsonl = (path, rows) => writeFileSync(path, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`)

function clara(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here('../dist/cli/clara.js'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`clara ${args.join(' ')}: exit ${status}\n${stderr}`)
  return stdout
}

const retrieval = (folder, ...args) =>
  JSON.parse(clara('bench', 'retrieval', folder, ...args, '--json', '--quiet'))
const METRICS = ['queries', 'ndcg_at_10', 'mrr_at_10', 'recall_at_1', 'recall_at_10', 'recall_at_100']
const metricsOf = (result) => Object.fromEntries(METRICS.map((name) => [name, result[name]]))

const variants = (folder) => ({
  int8: metricsOf(retrieval(folder)),
  ...(hasFp32 && { fp32: metricsOf(retrieval(folder, '--embedder', fp32)) }),
})

/** Without titles, and each question once: the first of equal ones, with the passages of all. */
function asPublished(name) {
  const folder = join(work, name)
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const documents = jsonl(join(data, name, 'corpus.jsonl'))
  toJsonl(
    join(folder, 'corpus.jsonl'),
    documents.map(({ title: _title, ...rest }) => rest),
  )
  const first = new Map()
  const idOf = new Map()
  for (const { _id: id, text } of jsonl(join(data, name, 'queries.jsonl'))) {
    if (!first.has(text)) first.set(text, id)
    idOf.set(id, first.get(text))
  }
  toJsonl(
    join(folder, 'queries.jsonl'),
    [...first].map(([text, id]) => ({ _id: id, text })),
  )
  const [head, ...lines] = readFileSync(join(data, name, 'qrels', 'test.tsv'), 'utf8')
    .trim()
    .split('\n')
  const merged = lines
    .map((line) => line.split('\t'))
    .map(([id, ...rest]) => [idOf.get(id), ...rest].join('\t'))
  writeFileSync(join(folder, 'qrels', 'test.tsv'), `${[head, ...new Set(merged)].join('\n')}\n`)
  return folder
}

function againstPublished() {
  const published = JSON.parse(readFileSync(here('published.json'), 'utf8'))
  const out = {}
  for (const [name, figures] of Object.entries(published.corpora)) {
    if (!CORPORA.includes(name)) continue
    const folder = asPublished(name)
    out[name] = {
      published: figures,
      ...variants(folder),
    }
    console.error(`${name}: nDCG@10 ${out[name].int8.ndcg_at_10}, published ${figures.ndcg_at_10}`)
  }
  return { task: published.task, model: published.model, source: published.source, corpora: out }
}

function all() {
  return Object.fromEntries(
    CORPORA.map((name) => {
      const result = variants(join(data, name))
      console.error(`${name}: nDCG@10 ${result.int8.ndcg_at_10}`)
      return [name, result]
    }),
  )
}

/** English only: so is the embedded reranker. It was trained on passages of clara-pretrain, so that this would say nothing. */
function reranked() {
  const name = 'xquad-en'
  const args = ['--reranker', flags.reranker, '--rerank-depth', '20']
  const result = retrieval(join(data, name), ...args)
  console.error(`${name}, the first 20 by ${flags.reranker}: nDCG@10 ${result.reranked.ndcg_at_10}`)
  return {
    reranker: flags.reranker,
    depth: 20,
    corpora: {
      [name]: { embedder: metricsOf(result), reranked: metricsOf({ ...result, ...result.reranked }) },
    },
  }
}

/** What the graph, at the expansion that the index was tuned to, finds of the k nearest passages of each question. */
async function recall() {
  const model = await resolveEmbedder(EMBEDDER)
  const embedder = await openEmbedder(model)
  const out = {}
  for (const name of CORPORA) {
    const source = join(data, name, 'corpus.jsonl')
    const folder = join(work, `${name}-index`)
    clara(
      'index',
      'build',
      '--input-file',
      source,
      '--output-dir',
      folder,
      '--no-chunk',
      '--force',
      '--quiet',
    )
    const index = await openIndex(folder, model)
    const questions = jsonl(join(data, name, 'queries.jsonl')).map(({ text }) => text)
    const vectors = await embedder.embed(questions, 'query')
    out[name] = { rows: index.chunks.count, questions: questions.length }
    for (const k of [10, 100]) {
      const [graph, exact] = [
        await index.search(vectors, k, { method: 'graph' }),
        await index.search(vectors, k, { method: 'exact' }),
      ]
      let found = 0
      for (let q = 0; q < questions.length; q++) {
        const nearest = new Set(exact.ids.subarray(q * exact.k, (q + 1) * exact.k))
        for (const id of graph.ids.subarray(q * graph.k, (q + 1) * graph.k)) if (nearest.has(id)) found++
      }
      out[name][`recall_at_${k}`] = Number((found / exact.ids.length).toFixed(6))
    }
    await index.close()
    console.error(`${name}: the graph's recall@10 ${out[name].recall_at_10}`)
  }
  await embedder.close()
  return out
}

try {
  const result = {
    ...measuredOn(),
    embedder: EMBEDDER,
    published: againstPublished(),
    retrieval: all(),
    recall_of_the_graph: await recall(),
    ...(flags.reranker && { reranked: reranked() }),
  }
  process.stdout.write(keep(result, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}
