// What the first 20 of each ranking gain by being compared token by token, and by the cross-encoder that comes with the package.
//
//   npm run build && node bench/late-interaction.mjs DATA [--only xquad-en,xquad-zh] [--output FILE]
//   node bench/late-interaction.mjs --draw FILE
//
// DATA holds BEIR folders. XQuAD is asked across, too: questions in one language over the passages in the other, whose ids are the same.
// What FILE has of other corpora is kept.
// The cross-encoder reads English, and was trained on passages of clara-pretrain: it is measured on cranfield;
// on xquad-en its figures are in its NOTICE.md. --draw only writes the table of docs/models.md, from FILE.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'
import { table } from './markdown.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, output: { type: 'string' }, draw: { type: 'string' } },
})
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const [ENGLISH, BILINGUAL, CROSS] = ['all-minilm-l6-v2', 'multilingual-e5-small-en-zh', 'minilm-l6-reranker']
const DEPTH = 20
const CORPORA = {
  'xquad-en': { embedders: [ENGLISH, BILINGUAL], rerankers: [BILINGUAL] },
  'xquad-zh': { embedders: [BILINGUAL], rerankers: [BILINGUAL] },
  'cmrc2018-dev': { embedders: [BILINGUAL], rerankers: [BILINGUAL] },
  'clara-pretrain': { embedders: [ENGLISH, BILINGUAL], rerankers: [BILINGUAL] },
  cranfield: { embedders: [ENGLISH, BILINGUAL], rerankers: [BILINGUAL, CROSS] },
  'xquad-zh over xquad-en': { embedders: [BILINGUAL], rerankers: [BILINGUAL] },
  'xquad-en over xquad-zh': { embedders: [BILINGUAL], rerankers: [BILINGUAL] },
}
const METRICS = ['ndcg_at_10', 'mrr_at_10', 'recall_at_1']

if (flags.draw) {
  draw(JSON.parse(readFileSync(flags.draw, 'utf8')), flags.draw)
  process.exit(0)
}
const data = positionals[0]
if (!data || !existsSync(join(data, 'xquad-zh', 'corpus.jsonl'))) {
  console.error('usage: node bench/late-interaction.mjs DATA, where DATA/xquad-zh is a BEIR folder')
  process.exit(2)
}
const work = mkdtempSync(join(tmpdir(), 'clara-late-interaction-'))
const metricsOf = (result) => Object.fromEntries(METRICS.map((name) => [name, result[name]]))

function folderOf(name) {
  const [questions, passages] = name.split(' over ')
  if (!passages) return join(data, name)
  const folder = join(work, name)
  mkdirSync(folder)
  cpSync(join(data, passages, 'corpus.jsonl'), join(folder, 'corpus.jsonl'))
  for (const each of ['queries.jsonl', 'qrels'])
    cpSync(join(data, questions, each), join(folder, each), { recursive: true })
  return folder
}

function measure(folder, embedder, reranker) {
  const args = [
    here('../dist/cli/clara.js'),
    'bench',
    'retrieval',
    folder,
    '--embedder',
    embedder,
    '--json',
    '--quiet',
  ]
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...args, '--reranker', reranker, '--rerank-depth', String(DEPTH)],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  if (status !== 0) throw new Error(`clara ${args.slice(1).join(' ')}: exit ${status}\n${stderr}`)
  const result = JSON.parse(stdout)
  return {
    questions: result.queries,
    embedder: metricsOf(result),
    reranked: metricsOf(result.reranked),
  }
}

try {
  const results = []
  for (const [corpus, { embedders, rerankers }] of Object.entries(CORPORA)) {
    if (flags.only && !flags.only.split(',').includes(corpus)) continue
    const folder = folderOf(corpus)
    if (!existsSync(join(folder, 'corpus.jsonl'))) continue
    for (const embedder of embedders) {
      for (const reranker of rerankers) {
        const { embedder: before, reranked, ...rest } = measure(folder, embedder, reranker)
        results.push({ corpus, embedder, reranker, ...rest, before, reranked })
        console.error(`${corpus}, ${embedder}, ${reranker}: ${before.ndcg_at_10} -> ${reranked.ndcg_at_10}`)
      }
    }
  }
  const measured = new Set(results.map(({ corpus }) => corpus))
  const before =
    flags.output && existsSync(flags.output) ? JSON.parse(readFileSync(flags.output, 'utf8')).results : []
  const all = [...before.filter(({ corpus }) => !measured.has(corpus)), ...results]
  process.stdout.write(keep({ ...measuredOn(), depth: DEPTH, results: all }, flags.output))
} finally {
  rmSync(work, { recursive: true, force: true })
}

function draw({ depth, results }, path) {
  const three = (value) => value.toFixed(3)
  const rows = results.map(({ corpus, embedder, reranker, before, reranked }) => [
    corpus,
    embedder,
    reranker,
    ...METRICS.map((name) => `${three(before[name])} → ${three(reranked[name])}`),
  ])
  const head = [
    'questions and passages',
    'ranked by',
    `the first ${depth} by`,
    'nDCG@10',
    'MRR@10',
    'recall@1',
  ]
  const target = here('../docs/models.md')
  const page = readFileSync(target, 'utf8')
  const [begin, end] = ['<!-- made by bench/late-interaction.mjs -->', '<!-- end of rerankers -->']
  const from = page.indexOf(begin) + begin.length
  const to = page.indexOf(end, from)
  const raw = `Raw: [${basename(path)}](../bench/results/${basename(path)}), with the machine.`
  writeFileSync(target, `${page.slice(0, from)}\n\n${table(head, rows)}\n\n${raw}\n\n${page.slice(to)}`)
}
