/** README's table of numbers, in English and in Chinese, made of one result of bench/all.mjs and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { METRICS, median, number, percent, range, table } from './markdown.mjs'
import { EN, ZH } from './readme-words.mjs'

/** Where each one lies, and how it links to the folder above all. */
const PAGES = [
  ['README.md', '', EN],
  ['docs/zh/README.md', '../../', ZH],
]
const [BEGIN, END] = ['<!-- numbers: drawn by npm run bench -->', '<!-- end of numbers -->']
const LARGE = 'synthetic, 100,000 rows'

/** Replaces what stands between the marks. @param file where the result is kept, for the link. */
export function drawReadme(result, file) {
  for (const [name, root, words] of PAGES) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
    const text = readFileSync(path, 'utf8')
    const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
    if (begin === -1 || end < begin) throw new Error(`${name}: expected ${BEGIN} and ${END} behind it`)
    const block = [
      BEGIN,
      about(result, basename(file), root, words),
      numbers(result, words),
      retrievalTable(result, words),
    ]
      .filter(Boolean)
      .join('\n\n')
    writeFileSync(path, `${text.slice(0, begin)}${block}\n\n${text.slice(end)}`)
  }
}

function about({ machine, node, date }, file, root, words) {
  const raw = `[${file}](${root}bench/results/${file})`
  return words.machine({
    ...machine,
    node,
    date,
    raw,
    more: `[docs/benchmarks.md](${root}docs/benchmarks.md)`,
  })
}

/** What was measured beside ours: `[[ratio, who], ...]`, without those that were not here. */
const beside = (words, pairs) =>
  words.times(pairs.filter(([ratio]) => Number.isFinite(ratio)).map(([ratio, who]) => [number(ratio), who]))
const told = (words, ...parts) => parts.filter(Boolean).join(words.also)
/** A row, unless nothing was measured for it. */
const row = (what, found) => (found ? [[what, found]] : [])
const measured = (part) => part && !part.left_out
const PARTS = {
  main_job: mainJob,
  inference: inference,
  index: index,
  mining: mining,
  sequential: ({ times_faster: faster, chunks, questions }, words) => [
    [words.scripts(number(chunks), number(questions)), words.noCall(number(faster))],
  ],
  synth: ({ throughput: { chunks, latency_ms: latency, median: middle } }, words) => [
    [
      words.asked(number(chunks), latency),
      words.askedRate(number(middle.times_faster), number(middle.asking_to_ceiling)),
    ],
  ],
  extract: ({ formats }, words) => [
    [
      words.extract,
      Object.entries(formats)
        .map(([format, { mean_f1: f1 }]) => `${format} ${f1.toFixed(3)}`)
        .join(words.comma),
    ],
  ],
  validate: ({ file, megabytesPerSecond: wall, peakMiB: peak }, words) => [
    [
      words.validate(number(file.megabytes)),
      words.validateRates({
        schema: number(wall.schema.median),
        schemaMiB: number(peak.schema.median ?? peak.schema),
        full: number(wall.full.median),
        fullMiB: number(peak.full.median ?? peak.full),
      }),
    ],
  ],
  pipeline: ({ versions, same_bytes: same }, words) => [
    [
      words.pipeline(Object.keys(versions).map((name) => name.replace('v', ''))),
      words.pipelineTime(
        range(
          Object.values(versions).map(({ seconds }) => Object.values(seconds).reduce((a, b) => a + b, 0)),
        ),
        same,
      ),
    ],
  ],
}

function numbers(result, words) {
  const rows = Object.entries(PARTS).flatMap(([name, rowsOf]) =>
    measured(result[name]) ? rowsOf(result[name], words) : [],
  )
  return table(words.head, rows)
}

function mainJob({ main_job: job, cold_search_seconds: cold }, words) {
  return [
    [words.build, words.seconds(number(job.build.seconds))],
    [words.mine, words.allValid(number(job.mine.seconds), job.validate.result.ok)],
    [words.coldSearch, words.seconds(number(cold.median))],
  ]
}

function inference({ throughput: { per_second: rates, ratios } }, words) {
  const at = (name) => number(median(rates[name]))
  const same = ['sentence-transformers ONNX', 'FastEmbed', 'transformers.js']
  const torch = ratios['int8 as shipped / sentence-transformers torch fp32']
  return [
    [words.embed, words.embedSpread(at('clara int8, as shipped'), range(rates['clara int8, as shipped']))],
    ...row(words.besideTorch, Number.isFinite(torch) && words.asFast(number(torch))),
    ...row(
      words.besideSame,
      beside(
        words,
        same.map((peer) => [ratios[`same int8 file / ${peer}`], peer]),
      ),
    ),
    [
      words.pairs,
      told(
        words,
        words.aSecond(at('clara int8 pairs')),
        beside(words, [[ratios['int8 pairs / CrossEncoder torch fp32'], words.crossEncoder]]),
      ),
    ],
  ]
}

function index({ results }, words) {
  const large = results[LARGE]
  if (!large) return []
  const { ratios, search } = large
  const exact = search['clara exact'].points.find(({ k }) => k === 10)
  const build = ratios['build: clara HNSW i8 / FAISS HNSW bf16']
  return [
    [
      words.exact,
      told(
        words,
        words.exactRate(number(exact.median)),
        beside(words, [
          [ratios['exact, k10: clara exact / FAISS IndexFlatIP'], 'FAISS flat'],
          [ratios['exact, k10: clara exact / usearch exactSearch'], 'usearch'],
        ]),
      ),
    ],
    [
      words.graph,
      told(
        words,
        words.aSecond(number(search['clara HNSW i8'].at_recall_099.k10?.median)),
        beside(words, [
          [ratios['search at recall 0.99, k10: clara HNSW i8 / FAISS HNSW bf16'], words.faissGraph],
        ]),
        Number.isFinite(build) && words.asFastToBuild(number(build)),
      ),
    ],
  ]
}

function mining({ speed, false_negatives: corpora = {} }, words) {
  const english = ['clara-pretrain', 'xquad-en'].filter((name) => corpora[name])
  const rates = (list) => english.map((name) => percent(corpora[name].lists[list].rate)).join(words.and)
  const peer = (kind) => `mine_hard_negatives, ${kind}cross-encoder, margin 0.05`
  const shares = Object.entries(speed.second_run ?? {}).map(([name, { share_of_the_first: share }]) => [
    name.replace('clara, reranker, again', '').replace(' with ', ''),
    share,
  ])
  return [
    [
      words.reranked,
      told(
        words,
        words.rerankedRate(
          number(speed.questions_per_second['clara, reranker']),
          number(speed.pairs?.a_question),
        ),
        beside(words, [[speed.ratios['questions/s, reranker on'], words.peerMining]]),
      ),
    ],
    ...row(
      words.again,
      shares.map(([how, share]) => words.share(how || words.asBefore, percent(share))).join(words.comma),
    ),
    ...row(
      words.planted,
      english.length > 0 &&
        corpora[english[0]].lists[peer('no ')] &&
        words.plantedRates({
          reranked: rates('clara, reranker'),
          ours: rates('clara, no reranker'),
          peer: rates(peer('no ')),
          peerReranked: rates(peer('')),
          scripts: rates('nearest to the positive, as the scripts'),
        }),
    ),
  ]
}

function retrievalTable({ quality }, words) {
  if (!measured(quality)) return undefined
  const cells = (result) => METRICS.map(([key]) => result[key].toFixed(3))
  const { published, retrieval, reranked } = quality
  return table(
    [words.retrieval, ...METRICS.map(([, title]) => title)],
    [
      [words.published, ...cells(published.corpora['xquad-en'].published)],
      [words.ours, ...cells(published.corpora['xquad-en'].int8)],
      ...Object.entries(retrieval).flatMap(([name, { int8 }]) => [
        [words.corpora[name] ?? name, ...cells(int8)],
        ...(reranked?.corpora[name] ? [[words.first20, ...cells(reranked.corpora[name].reranked)]] : []),
      ]),
    ],
  )
}
