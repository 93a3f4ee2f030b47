// Random changes of a built index's files: each must be refused, or be such that it cannot matter. With
// `--hashed` all hashes are made right again, as somebody would who means harm: no answer is wrong then,
// but nothing may crash.
//
//   npm run build && node bench/faults/mutations.mjs [--count 10000] [--hashed 4000] [--output FILE]
//       [--engines native,npm] [--seed 1] [--jobs 1] [--sanitized]
//
// --sanitized: with the addon built by `node native/build.mjs --sanitize` and libasan preloaded.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import { args, corpusFile, count, documentIds, inParallel, keepPart, must } from './common.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    count: { type: 'string', default: '10000' },
    hashed: { type: 'string', default: '4000' },
    engines: { type: 'string', default: 'native,npm' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    sanitized: { type: 'boolean', default: false },
  },
})
const CHILD = fileURLToPath(new URL('mutations-child.mjs', import.meta.url))
/** Mutations of one process. */
const BATCH = 250
/** A process that has said nothing for so long hangs. */
const PATIENCE_SECONDS = 120

const work = mkdtempSync(join(tmpdir(), 'clara-mutations-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

/** Several generations: built, added to, with removed rows; and all files that it ever had. */
async function makeIndex(engine, env) {
  const index = join(work, `index-${engine}`)
  const older = join(work, `older-${engine}`)
  const keepFiles = () => cpSync(index, older, { recursive: true })
  await must(args.build(index, corpusFile(join(work, 'first.jsonl'), 0, 12)), env)
  keepFiles()
  await must(args.add(index, corpusFile(join(work, 'second.jsonl'), 12, 18)), env)
  keepFiles()
  await must(args.remove(index, ...documentIds(index).slice(3, 5)), env)
  return { index, older }
}

/** @returns the outcomes, and how the process ended where it was by a signal, or it hung. */
function tryBatch({ index, older }, mode, first, end, env) {
  const place = mkdtempSync(join(work, 'batch-'))
  const target = join(place, 'index')
  mkdirSync(target)
  const child = spawn(
    process.execPath,
    [CHILD, index, older, target, mode, flags.seed, String(first), String(end)],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const lines = []
  let stderr = ''
  let hung = false
  let waited = 0
  // Seconds that this process has seen: one that is stopped for a while has seen none.
  const patience = setInterval(() => {
    hung = ++waited > PATIENCE_SECONDS
    if (hung) child.kill('SIGKILL')
  }, 1000)
  createInterface({ input: child.stdout }).on('line', (line) => {
    waited = 0
    lines.push(JSON.parse(line))
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-4000)
  })
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      clearInterval(patience)
      rmSync(place, { recursive: true, force: true })
      const died = code === 0 ? undefined : { code, signal: hung ? 'hung' : signal, stderr }
      resolve({ lines, died, last: lines.at(-1)?.n ?? first })
    }),
  )
}

async function tryAll(engine, made, mode, total, env, findings) {
  const counts = { mutations: 0, crashes_by_signal: 0, silently_accepted: 0 }
  const by = { file: {}, kind: {} }
  const batches = Array.from({ length: Math.ceil(total / BATCH) }, (_, i) => [
    i * BATCH,
    Math.min(total, (i + 1) * BATCH),
  ])
  const found = (kind, what) => {
    findings.push({ kind, engine, mode, seed: flags.seed, ...what })
    console.error(kind, JSON.stringify(findings.at(-1)).slice(0, 1500))
  }
  const judge = (each) => {
    if (each.unchanged) return count(counts, 'nothing_changed_after_all')
    if (each.used === undefined) return undefined
    counts.mutations++
    count(by.file, each.name)
    count(by.kind, each.kind)
    if (each.used.odd || each.verified.odd) return found('not a ClaraError', each)
    const refusedInUse = String(each.used).startsWith('refused')
    const refusedByVerify = String(each.verified).startsWith('refused')
    for (const one of [each.used, each.verified])
      if (String(one).includes('without a name')) found('message without the index', each)
    if (mode === 'hashed')
      return count(
        counts,
        refusedInUse
          ? 'refused_in_use'
          : refusedByVerify
            ? 'refused_by_verify'
            : 'accepted_with_hashes_made_right',
      )
    if (each.used === 'other answers') {
      counts.silently_accepted++
      return found('other answers without an error', each)
    }
    if (refusedInUse && refusedByVerify) return count(counts, 'refused_in_use')
    if (refusedByVerify) return count(counts, 'same_answers_and_refused_by_verify')
    if (each.sameManifest && !refusedInUse)
      return count(counts, 'manifest_of_the_same_value_and_same_answers')
    counts.silently_accepted++
    return found('silently accepted', each)
  }
  await inParallel(Number(flags.jobs), batches, async ([first, end]) => {
    for (let from = first; from < end; ) {
      const { lines, died, last } = await tryBatch(made, mode, from, end, env)
      for (const line of lines) judge(line)
      if (!died) break
      if (died.signal || /Sanitizer/.test(died.stderr)) counts.crashes_by_signal++
      found('the process died', { ...lines.at(-1), ...died })
      from = last + 1
    }
  })
  return { ...counts, by }
}

function sanitizers() {
  const library = (name) => spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim()
  return {
    // The last for exceptions: ASan looks for their functions when the process starts.
    LD_PRELOAD: ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map(library).join(' '),
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:allocator_may_return_null=1:handle_segv=1',
    UBSAN_OPTIONS: 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
  }
}

const findings = []
const result = {}
for (const engine of flags.engines.split(',')) {
  const env = { CLARA_INDEX_ENGINE: engine, ...(flags.sanitized && sanitizers()) }
  const made = await makeIndex(engine, env)
  result[engine] = {}
  for (const [mode, total] of [
    ['plain', Number(flags.count)],
    ['hashed', Number(flags.hashed)],
  ]) {
    if (total === 0) continue
    result[engine][mode] = await tryAll(engine, made, mode, total, env, findings)
    console.error(engine, mode, JSON.stringify(result[engine][mode]))
  }
}
const part = { seed: flags.seed, ...result, found: findings.slice(0, 50), findings: findings.length }
const name = flags.sanitized ? 'mutations_sanitized' : 'mutations'
process.stdout.write(keep(keepPart(flags.output, name, part), flags.output))
if (findings.length > 0) process.exitCode = 1
