/** README's table of numbers, made of one result of bench/all.mjs and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { METRICS, median, number, percent, range, table } from './markdown.mjs'

const README = fileURLToPath(new URL('../README.md', import.meta.url))
const [BEGIN, END] = ['<!-- numbers: drawn by npm run bench -->', '<!-- end of numbers -->']
const LARGE = 'synthetic, 100,000 rows'

/** Replaces what stands between the marks. @param file where the result is kept, for the link. */
export function drawReadme(result, file) {
  const text = readFileSync(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`README.md: expected ${BEGIN} and ${END} behind it`)
  const block = [BEGIN, about(result, file), numbers(result), retrievalTable(result)]
    .filter(Boolean)
    .join('\n\n')
  writeFileSync(README, `${text.slice(0, begin)}${block}\n\n${text.slice(end)}`)
}

function about({ machine, node, date }, file) {
  return `${machine.cores} cores of an ${machine.cpu} (${machine.flags}), Node ${node}, ${date}; medians, most of five trials in turns, each in a
process of its own. Raw: [${basename(file)}](bench/results/${basename(file)}); tables, plots and what stands behind each row: [docs/benchmarks.md](docs/benchmarks.md).`
}

const times = (value) => `${number(value)} times`
/** A list of what was measured beside ours: `[[ratio, who], ...]`, without those that were not here. */
const beside = (pairs) =>
  pairs
    .filter(([ratio]) => Number.isFinite(ratio))
    .map(([ratio, who]) => `${times(ratio)} ${who}`)
    .join(', ')
const told = (...parts) => parts.filter(Boolean).join('; ')
/** A row, unless nothing was measured for it. */
const row = (what, found) => (found ? [[what, found]] : [])
const measured = (part) => part && !part.left_out
const PARTS = {
  main_job: mainJob,
  inference: inference,
  index: index,
  mining: mining,
  sequential: ({ times_faster: faster, chunks, questions }) => [
    [
      `${number(chunks)} chunks and ${number(questions)} questions, against the Python scripts with an endpoint of 100 ms a call, computed`,
      `${times(faster)} as fast, no call`,
    ],
  ],
  synth: ({ throughput: { chunks, latency_ms: latency, median: middle } }) => [
    [
      `${number(chunks)} chunks asked about, ${latency} ms a call, 10% of the calls failing`,
      `${times(middle.times_faster)} as fast as one call after the other; ${number(middle.asking_to_ceiling)} of latency x calls / concurrency`,
    ],
  ],
  extract: ({ formats }) => [
    [
      'text of test documents, token F1 against reference texts',
      Object.entries(formats)
        .map(([format, { mean_f1: f1 }]) => `${format} ${f1.toFixed(3)}`)
        .join(', '),
    ],
  ],
  validate: ({ file, megabytesPerSecond: wall, peakMiB: peak }) => [
    [
      `\`clara-validate\`, ${number(file.megabytes)} MB on one core`,
      `fields and types ${number(wall.schema.median)} MB a second in ${number(peak.schema.median ?? peak.schema)} MiB; all checks ${number(wall.full.median)} in ${number(peak.full.median ?? peak.full)}`,
    ],
  ],
  pipeline: ({ versions, same_bytes: same }) => [
    [
      "documents to the trainer's archive, from the packed package, on Node " +
        Object.keys(versions)
          .map((name) => name.replace('v', ''))
          .join(', '),
      `${range(Object.values(versions).map(({ seconds }) => Object.values(seconds).reduce((a, b) => a + b, 0)))} s; ${same ? 'the same bytes' : 'other bytes'}`,
    ],
  ],
}

function numbers(result) {
  const rows = Object.entries(PARTS).flatMap(([name, rowsOf]) =>
    measured(result[name]) ? rowsOf(result[name]) : [],
  )
  return table(['what', 'measured'], rows)
}

function mainJob({ main_job: job, cold_search_seconds: cold }) {
  return [
    ['index 1,000 passages', `${number(job.build.seconds)} s`],
    [
      'mine 7,861 questions at k = 5',
      `${number(job.mine.seconds)} s, ${job.validate.result.ok ? 'every row valid' : 'rows with findings'}`,
    ],
    ['`clara-index search`, one query from a cold start', `${number(cold.median)} s`],
  ]
}

function inference({ throughput: { per_second: rates, ratios } }) {
  const at = (name) => number(median(rates[name]))
  const same = ['sentence-transformers ONNX', 'FastEmbed', 'transformers.js']
  return [
    [
      'embedding those 1,000 passages, each cut at 256 tokens',
      `${at('clara int8, as shipped')} a second (${range(rates['clara int8, as shipped'])})`,
    ],
    ...row(
      'the same, beside sentence-transformers with torch fp32 and the same weights',
      beside([[ratios['int8 as shipped / sentence-transformers torch fp32'], 'as fast']]),
    ),
    ...row(
      'the same, beside others that run the same int8 file',
      beside(same.map((peer) => [ratios[`same int8 file / ${peer}`], peer])),
    ),
    [
      'question-passage pairs, int8 cross-encoder of that size',
      told(
        `${at('clara int8 pairs')} a second`,
        beside([[ratios['int8 pairs / CrossEncoder torch fp32'], 'CrossEncoder in torch fp32']]),
      ),
    ],
  ]
}

function index({ results }) {
  const large = results[LARGE]
  if (!large) return []
  const { ratios, search } = large
  const exact = search['clara exact'].points.find(({ k }) => k === 10)
  return [
    [
      'exact search, 1,000 queries in 100,000 x 384, the ten nearest',
      told(
        `${number(exact.median)} a second, recall 1.0`,
        beside([
          [ratios['exact, k10: clara exact / FAISS IndexFlatIP'], 'FAISS flat'],
          [ratios['exact, k10: clara exact / usearch exactSearch'], 'usearch'],
        ]),
      ),
    ],
    [
      'HNSW search of those at recall@10 0.99',
      told(
        `${number(search['clara HNSW i8'].at_recall_099.k10?.median)} a second`,
        beside([
          [ratios['search at recall 0.99, k10: clara HNSW i8 / FAISS HNSW bf16'], 'FAISS HNSW with bf16'],
        ]),
        beside([[ratios['build: clara HNSW i8 / FAISS HNSW bf16'], 'as fast to build']]),
      ),
    ],
  ]
}

function mining({ speed, false_negatives: corpora = {} }) {
  const english = ['clara-pretrain', 'xquad-en'].filter((name) => corpora[name])
  const rates = (list) => english.map((name) => percent(corpora[name].lists[list].rate)).join(' and ')
  const peer = (kind) => `mine_hard_negatives, ${kind}cross-encoder, margin 0.05`
  const shares = Object.entries(speed.second_run ?? {}).map(([name, { share_of_the_first: share }]) => [
    name.replace('clara, reranker, again', '').replace(' with ', ''),
    share,
  ])
  return [
    [
      'mine with the embedded reranker, k = 5',
      told(
        `${number(speed.questions_per_second['clara, reranker'])} questions a second, ${number(speed.pairs?.a_question)} pairs each`,
        beside([
          [
            speed.ratios['questions/s, reranker on'],
            '`mine_hard_negatives` with a cross-encoder of the same weights',
          ],
        ]),
      ),
    ],
    ...row(
      'the same again from the scores that are kept: share of the first time',
      shares.map(([how, share]) => `${how || 'as before'} ${percent(share)}`).join(', '),
    ),
    ...row(
      'questions that got a planted second answer as a negative, clara-pretrain and XQuAD English',
      english.length > 0 &&
        corpora[english[0]].lists[peer('no ')] &&
        `${rates('clara, reranker')}, without the reranker ${rates('clara, no reranker')}. \`mine_hard_negatives\`: ${rates(peer('no '))}, with a cross-encoder ${rates(peer(''))}. Nearest to the positive, as the scripts: ${rates('nearest to the positive, as the scripts')}`,
    ),
  ]
}

function retrievalTable({ quality }) {
  if (!measured(quality)) return undefined
  const cells = (result) => METRICS.map(([key]) => result[key].toFixed(3))
  const { published, retrieval, reranked } = quality
  const NAMES = {
    'clara-pretrain': 'clara-pretrain (English, 1,000 documents)',
    'xquad-en': 'XQuAD English (240)',
    'xquad-zh': 'XQuAD Chinese (240)',
    'cmrc2018-dev': 'CMRC 2018 dev (Chinese, 848)',
  }
  return table(
    ['retrieval by the embedded model', ...METRICS.map(([, title]) => title)],
    [
      [
        'XQuAD English without titles, as published (MTEB)',
        ...cells(published.corpora['xquad-en'].published),
      ],
      ['the same, ours', ...cells(published.corpora['xquad-en'].int8)],
      ...Object.entries(retrieval).flatMap(([name, { int8 }]) => [
        [NAMES[name] ?? name, ...cells(int8)],
        ...(reranked?.corpora[name]
          ? [['the same, the first 20 by the embedded reranker', ...cells(reranked.corpora[name].reranked)]]
          : []),
      ]),
    ],
  )
}
