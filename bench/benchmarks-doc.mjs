/** docs/benchmarks.md, its plots and README's numbers, made of one result of bench/all.mjs and nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EMBEDDING_PRICES_AS_OF, listEmbeddingPrice } from '../dist/endpoint/price.js'
import { barPlot, growthPlot } from './bar-plot.mjs'
import { METRICS, median, number, percent, range, table } from './markdown.mjs'
import { plot } from './plot.mjs'
import { drawReadme } from './readme-numbers.mjs'

const docs = (path) => fileURLToPath(new URL(`../docs/${path}`, import.meta.url))
const EMBEDDING_MODELS = ['text-embedding-3-small', 'text-embedding-3-large']
const CORPORA = {
  'clara-pretrain': 'clara-pretrain (English)',
  'xquad-en': 'XQuAD English',
  'xquad-zh': 'XQuAD Chinese',
  'cmrc2018-dev': 'CMRC 2018 dev (Chinese)',
}

/** @param file where the result is kept, for the link. */
export function drawBenchmarks(result, file) {
  mkdirSync(docs('plots'), { recursive: true })
  const parts = Object.entries(SECTIONS).flatMap(([name, section]) => {
    const part = result[name]
    return part && !part.left_out ? [section(part, result)] : []
  })
  const left = Object.entries(SECTIONS).flatMap(([name]) =>
    result[name]?.left_out
      ? [`- ${name}: ${result[name].left_out}`]
      : result[name]
        ? []
        : [`- ${name}: was not asked for`],
  )
  for (const name of Object.keys(SECTIONS))
    left.push(...(result[name]?.absent_peers ?? []).map((line) => `- ${line}`))
  const text = [
    head(result, file),
    ...parts,
    ...(left.length > 0 ? [`## Left out\n\n${left.join('\n')}`] : []),
  ].join('\n\n')
  writeFileSync(docs('benchmarks.md'), `${text.trimEnd()}\n`)
  drawReadme(result, file)
}

/** Which code was measured: --resume may have brought parts of several sittings together. */
function revisions(result) {
  const parts = {}
  for (const name of Object.keys(SECTIONS)) {
    const { left_out: left, revision = 'not recorded' } = result[name] ?? {
      left_out: true,
    }
    if (!left) parts[revision] = [...(parts[revision] ?? []), name]
  }
  const all = Object.entries(parts)
  if (all.length === 1) return `Measured at revision ${all[0][0]}.`
  return `Measured in ${all.length} sittings, at revisions: ${all.map(([name, each]) => `${name} (${each.join(', ')})`).join('; ')}.`
}

function head(result, file) {
  const { date, machine, node } = result
  return `# Benchmarks

This project and what a user would pick instead, doing the same work on the same machine, side by side: ${machine.cores} cores of an
${machine.cpu} (${machine.flags}), ${machine.gib} GiB, Node ${node}, ${date}. Trials are in turns, each in a process of its own; where it says median, it
is that of five unless it says otherwise. Each comparison checks first that both sides give the same answers. ${revisions(result)} Raw: [${basename(file)}](../bench/results/${basename(file)}).

This page is drawn from that file. Both again, on your machine:

    npm run build && node bench/peers/setup.mjs && npm run bench -- --data DATA

What is behind the numbers, and what did not help: [performance.md](performance.md).`
}

const SECTIONS = {
  inference: inferenceSection,
  quality: qualitySection,
  mining: miningSection,
  index: indexSection,
  sequential: sequentialSection,
  synth: synthSection,
  growth: growthSection,
  main_job: mainJobSection,
  extract: extractSection,
  validate: validateSection,
  pipeline: pipelineSection,
}

function inferenceSection({ throughput, agreement, ceiling, memory }) {
  const rows = Object.entries(throughput.per_second).map(([name, values]) => ({ name, values }))
  const [pairs, passages] = [true, false].map((wanted) =>
    rows.filter(({ name }) => name.includes('pairs') === wanted),
  )
  const asTable = (what, list) =>
    table(
      [what, 'median', 'min-max'],
      list.map(({ name, values }) => [name, number(median(values)), range(values)]),
    )
  writeFileSync(
    docs('plots/embedding.svg'),
    barPlot(
      'Passages a second',
      passages.map(({ name, values }) => ({
        name,
        value: median(values),
        low: Math.min(...values),
        high: Math.max(...values),
      })),
    ),
  )
  return [
    '## Embedding and reranking',
    '![Passages a second](plots/embedding.svg)',
    asTable('passages a second', passages),
    asTable('question-passage pairs a second', pairs),
    table(
      ['ratio of medians', ''],
      Object.entries(throughput.ratios).map(([name, value]) => [name, number(value)]),
    ),
    ceiling && ceilingTable(ceiling, throughput),
    'That they compute the same:',
    table(
      ['', ''],
      Object.entries(agreement).map(([name, value]) => [name, String(value)]),
    ),
    memory &&
      `Most memory while embedding 10,000 texts: ${number(memory[10000].peak_memory_mib)} MiB; 100,000: ${number(memory[100000].peak_memory_mib)} MiB.`,
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** What the bare model does on batches made beforehand, on the same sessions: no more is to be had of this graph here. */
function ceilingTable(ceiling, { per_second: rates }) {
  const rows = Object.entries(ceiling).map(([what, each]) => [
    what,
    number(each.tokens_per_second),
    number(each.ceiling_tokens_per_second),
    number(each.of_ceiling),
  ])
  const { tokens, passages, ceiling_tokens_per_second: most } = ceiling.passages
  const torch = rates['sentence-transformers torch fp32']
  const beside = torch
    ? ` By that the most that could be is ${number((most * passages) / tokens / median(torch))} times sentence-transformers in torch.`
    : ''
  return `The ceiling is the bare model on batches made beforehand, in the same sessions: no tokenizer, no messages between threads, outputs not read.${beside}

${table(['', 'tokens a second', 'ceiling', 'share of it, median of five'], rows)}`
}

const metricCells = (result) => METRICS.map(([key]) => result[key].toFixed(4))
const metricTable = (rows) => table(['', '', ...METRICS.map(([, title]) => title)], rows)

function qualitySection({ published, retrieval, recall_of_the_graph: recall, reranked }) {
  const corpus = (name) => CORPORA[name] ?? name
  const variants = ({ int8, fp32 }) => [
    ['int8, as shipped', ...metricCells(int8)],
    ...(fp32 ? [['fp32', ...metricCells(fp32)]] : []),
  ]
  const rowsOf = (corpora, make) =>
    Object.entries(corpora).flatMap(([name, result]) => make(result).map((cells) => [corpus(name), ...cells]))
  return [
    '## Quality',
    `The embedded embedder against what is published of it, by the rules of that task (${published.task}). It reads English. Published for ${published.model}: ${published.source}.`,
    metricTable(
      rowsOf(published.corpora, (result) => [
        ['published', ...metricCells(result.published)],
        ...variants(result),
      ]),
    ),
    'The corpora as they are, titles included; the embedder alone:',
    metricTable(rowsOf(retrieval, variants)),
    reranked &&
      `The first ${reranked.depth} of each ranking in the order of ${reranked.reranker}, which reads English:`,
    reranked &&
      metricTable(
        rowsOf(reranked.corpora, (result) => [
          ['embedder', ...metricCells(result.embedder)],
          ['reranked', ...metricCells(result.reranked)],
        ]),
      ),
    'Of what comparing all rows finds, an index as `clara-index build` leaves it finds by its graph:',
    table(
      ['', 'rows', 'questions', 'of the 10 nearest', 'of the 100 nearest'],
      Object.entries(recall).map(([name, found]) => [
        corpus(name),
        number(found.rows),
        number(found.questions),
        found.recall_at_10.toFixed(4),
        found.recall_at_100.toFixed(4),
      ]),
    ),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function miningSection({ speed, false_negatives: corpora = {} }) {
  const strategies = Object.entries(corpora).flatMap(([corpus, { lists }]) =>
    Object.entries(lists)
      .filter(([name]) => !name.includes('margin') || name.endsWith('margin 0.05'))
      .map(([name, { rate, fewer_than_k: fewer, hardness, hardness_without_copies: others }]) => [
        CORPORA[corpus] ?? corpus,
        name,
        percent(rate),
        String(fewer),
        ...[hardness.mean_logit, others.mean_logit, hardness.mean_cosine, others.mean_cosine].map(number),
      ]),
  )
  return [
    '## Mining',
    speed &&
      `Of clara-pretrain's questions: ${number(speed.questions)} without a reranker, ${number(speed.reranked ?? speed.questions)} of them with ours, ${number(speed.extrapolated?.sample)} with theirs.`,
    speed &&
      table(
        ['questions a second, k = 5', ''],
        Object.entries(speed.questions_per_second).map(([name, value]) => [name, number(value)]),
      ),
    speed?.ratios &&
      table(
        ['ratio', ''],
        Object.entries(speed.ratios).map(([name, value]) => [name, number(value)]),
      ),
    strategies.length > 0 &&
      `False negatives: the share of questions that got a planted second answer as a negative. Hardness: what one reranker (a logit) and the embedder (a cosine) give
question and negative on average; higher is harder, and a false negative is hardest of all. What is planted and how it is judged:
[bench/mining](../bench/mining/README.md).\n\n${table(['corpus', 'strategy', 'false negatives', 'rows with fewer than k', 'logit', 'without copies', 'cosine', 'without copies'], strategies)}`,
  ]
    .filter(Boolean)
    .join('\n\n')
}

function indexSection({ results }) {
  const panels = Object.entries(results).map(([title, { search }]) => ({
    title,
    lines: Object.entries(search).map(([name, { points }]) => ({
      name,
      exact: points.length === 2 && points.every(({ expansion }) => expansion === undefined),
      points: points
        .filter(({ k }) => k === 10)
        .map(({ recall, median: perSecond }) => ({ recall, perSecond })),
    })),
  }))
  writeFileSync(docs('plots/index.svg'), plot({ title: 'Queries a second against recall@10', panels }))
  const tables = Object.entries(results).map(([title, { build, search }]) => {
    const rows = Object.entries(search).map(([name, { at_recall_099: at, memory, open_ms: open }]) => [
      name,
      number(at.k10?.median),
      number(at.k100?.median),
      number(build[name]?.vectors_per_second.median),
      number(open?.median),
      number(memory?.resident_mib.median),
    ])
    return `### ${title}\n\n${table(['', 'queries/s at recall@10 0.99', 'queries/s at recall@100 0.99', 'rows/s built', 'ms to open', 'MiB'], rows)}`
  })
  return ['## The index', '![Queries a second against recall](plots/index.svg)', ...tables].join('\n\n')
}

function sequentialSection({
  chunks,
  questions,
  latency_ms: latency,
  sample,
  theirs,
  ours,
  times_faster: times,
}) {
  return `## The Python scripts' flow

${number(chunks)} chunks, ${number(questions)} questions. Theirs: every chunk embedded by a call of its own to an endpoint that answers after ${latency} ms, a tenth of a
second between calls, cosines pair by pair in Python; measured on ${sample.chunks} chunks and ${sample.questions} questions and computed for all.

${table(
  ['', 'seconds', 'embedding calls'],
  [
    ['Python scripts, computed', number(theirs.computed_seconds), number(theirs.calls)],
    ['clara-index build, clara-mine', number(ours.measured_seconds), '0'],
    ['times as fast', number(times), ''],
  ],
)}`
}

function synthSection({ throughput: { chunks, concurrency, latency_ms: latency, median: middle, runs } }) {
  return `## Questions from an endpoint

${number(chunks)} chunks, ${latency} ms a call, ${concurrency} at once, 10% of the calls failing in one way or another; medians of ${runs.length} runs with other failures.

${table(
  ['', ''],
  [
    [
      'as many times as fast as one call after the other with half a second between',
      number(middle.times_faster),
    ],
    [
      'time from the first request to the last reply, of latency x calls / concurrency',
      number(middle.asking_to_ceiling),
    ],
    ['time of the whole command, of the same', number(middle.command_to_ceiling)],
  ],
)}`
}

function growthSection({ points, extrapolated, questions }, { inference }) {
  writeFileSync(docs('plots/growth.svg'), growthPlot(points, extrapolated))
  const keys = [
    ['build_seconds', 'build, s'],
    ['build_peak_mib', 'most memory, MiB'],
    ['index_bytes', 'index, MB', (value) => value / 1e6],
    ['questions_per_second', `questions mined/s (${number(questions)})`],
    ['cold_search_seconds', 'cold search, s'],
  ]
  const cells = (of) => keys.map(([key, , as = (value) => value]) => number(as(of(key))))
  const rows = points.map((point) => [number(point.chunks), ...cells((key) => point[key])])
  const beyond = cells((key) => extrapolated[key]?.value)
  const tokens =
    inference?.ceiling?.passages && inference.ceiling.passages.tokens / inference.ceiling.passages.passages
  return [
    '## Growth',
    `Passages of 30 tokens. The last row is not measured: it continues the last three sizes on a line, both axes logarithmic.`,
    '![How it grows](plots/growth.svg)',
    table(
      ['chunks', ...keys.map(([, title]) => title)],
      [...rows, [`*${number(extrapolated.chunks)}*`, ...beyond.map((cell) => `*${cell}*`)]],
    ),
    tokens && costTable(tokens, median(inference.throughput.per_second['clara int8, as shipped'])),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** @param tokens a chunk has. @param rate chunks a second. */
function costTable(tokens, rate) {
  const usd = (chunks, model) => `$${((chunks * tokens * listEmbeddingPrice(model).input) / 1e6).toFixed(2)}`
  const rows = [10_000, 100_000, 1_000_000].map((chunks) => [
    number(chunks),
    ...EMBEDDING_MODELS.map((model) => usd(chunks, model)),
    `$0, ${(chunks / rate / 60).toFixed(1)} minutes here`,
  ])
  return `What embedding costs, chunks of ${number(tokens)} tokens (those of clara-pretrain), list prices of ${EMBEDDING_PRICES_AS_OF}; minutes are computed from the rate above:

${table(['chunks', ...EMBEDDING_MODELS, 'local'], rows)}`
}

function mainJobSection({ main_job: job, cold_search_seconds: cold }) {
  return `## The main job

${table(
  ['', ''],
  [
    ['index 1,000 passages, s', number(job.build.seconds)],
    ['mine 7,861 questions at k = 5, s', number(job.mine.seconds)],
    ['validate, s', number(job.validate.seconds)],
    ['one query from a cold start, s (median, min-max)', `${number(cold.median)}, ${range(cold.seconds)}`],
  ],
)}`
}

function extractSection({ formats }) {
  const rows = Object.entries(formats).map(([format, { mean_f1: f1, files }]) => [
    format,
    String(files.length),
    f1.toFixed(3),
  ])
  return `## Extraction

Token F1 against reference texts, in order ([how](../bench/extract/README.md)).

${table(['format', 'files', 'mean F1'], rows)}`
}

function validateSection({ file, megabytesPerSecond: wall, megabytesPerCpuSecond: cpu, peakMiB: peak }) {
  const names = {
    parse: 'reading and JSON.parse alone, the ceiling',
    schema: 'schema pass',
    full: 'full pass',
  }
  const rows = Object.entries(names).map(([key, name]) => [
    name,
    `${number(wall[key].median)} (${number(wall[key].min)}-${number(wall[key].max)})`,
    number(cpu[key].median),
    number(peak[key].median ?? peak[key]),
  ])
  return `## Validation

${number(file.megabytes)} MB, ${number(file.rows)} rows, one core.

${table(['', 'MB a second (min-max)', 'by processor time', 'most memory, MiB'], rows)}`
}

function pipelineSection({ versions, same_bytes: same, tarball_bytes: bytes }) {
  const names = Object.keys(versions)
  const steps = Object.keys(versions[names[0]].seconds)
  const rows = steps.map((step) => [step, ...names.map((name) => number(versions[name].seconds[step]))])
  return `## From documents to an archive

The package as npm packs it (${number(bytes / 1e6)} MB), installed in a folder with blanks and other letters; seconds of each command. The text, the samples and the archive have
${same ? 'the same bytes' : '**other bytes**'} with every version of Node, and when they are made again of the journal with no endpoint to ask.

${table(['', ...names], rows)}`
}
