// What the fault runs share: a small corpus, the built commands, and what an index holds and answers.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openIndex } from '../../dist/index/open.js'
import { verifyIndex } from '../../dist/index/verify.js'
import { resolveEmbedder } from '../../dist/models/resolve.js'
import { machine } from '../machine.mjs'

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
/** Random weights, 32 dimensions: it embeds hundreds of chunks in the time that Node.js takes to start. */
export const MODEL = at('test/fixtures/models/bert-mean')
export const CLI = at('dist/cli/clara-index.js')
export const CHUNK_TOKENS = 32

/** Lines [from, to) of the example corpus as a file of its own. */
export function corpusFile(path, from, to) {
  const lines = readFileSync(at('example/raw_knowledge.jsonl'), 'utf8').split('\n').slice(from, to)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

export const documentIds = (index) =>
  readFileSync(
    join(index, JSON.parse(readFileSync(join(index, 'manifest.json'))).files.documents.name),
    'utf8',
  )
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id)

/** Arguments of the commands on an index directory. */
export const args = {
  build: (index, corpus, ...more) => [
    ...['build', '--input-file', corpus, '--output-dir', index, '--embedder', MODEL],
    ...['--chunk-tokens', String(CHUNK_TOKENS), '--trainer', 'none'],
    ...['--force', '--quiet', '--threads', '1', ...more],
  ],
  add: (index, corpus) => [
    ...['add', index, '--input-file', corpus, '--embedder', MODEL, '--force', '--quiet', '--threads', '1'],
  ],
  remove: (index, ...ids) => ['remove', index, ...ids.flatMap((id) => ['--id', id]), '--quiet'],
  compact: (index) => ['compact', index, '--quiet'],
}

/** Runs a command of clara-index, which must come to its end. */
export async function must(argv, env = {}) {
  const { code, signal, stderr } = await run(process.execPath, [CLI, ...argv], { env })
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${code ?? signal}\n${stderr}`)
}

/** Runs a command to its end. */
export function run(command, argv, { env = {}, onStart } = {}) {
  const child = spawn(command, argv, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  onStart?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
}

/** The files of an index by name, as hashes; what a killed process left beside them is not looked at. */
export function contents(index) {
  const files = {}
  if (!existsSync(index)) return files
  for (const name of readdirSync(index).sort()) {
    if (/^\.(work|lock)/.test(name)) continue
    files[name] = createHash('sha256')
      .update(readFileSync(join(index, name)))
      .digest('hex')
  }
  return files
}

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/**
 * The manifest and the files that it names, and what the index answers: equal for equal indexes.
 * @throws where it does not verify.
 */
export async function stateOf(index) {
  await verifyIndex(index)
  const files = contents(index)
  const { files: named } = JSON.parse(readFileSync(join(index, 'manifest.json')))
  const own = ['manifest.json', ...Object.values(named).map(({ name }) => name)]
  return JSON.stringify([own.sort().map((name) => [name, files[name]]), await answers(index)])
}

let model
/** What an index answers: exact and by the graph, all rows, with their chunks. */
export async function answers(directory) {
  model ??= await resolveEmbedder(MODEL)
  const index = await openIndex(directory, model)
  try {
    const queries = someQueries(index.manifest.dims)
    const all = index.manifest.counts.chunks
    const found = {}
    for (const method of ['exact', 'graph']) {
      const { ids, scores } = await index.search(queries, all, { method })
      found[method] = [Array.from(ids), Array.from(scores)]
    }
    const chunks = []
    for await (const [row, chunk] of index.chunks.entries()) chunks.push([row, chunk])
    return createHash('sha256')
      .update(JSON.stringify([found, chunks]))
      .digest('hex')
  } finally {
    await index.close()
  }
}

function someQueries(dims) {
  const queries = new Float32Array(2 * dims)
  for (let q = 0; q < 2; q++) {
    let length = 0
    for (let i = 0; i < dims; i++) {
      const value = Math.sin(1 + i * (q + 2) * 1.7)
      queries[q * dims + i] = value
      length += value * value
    }
    for (let i = 0; i < dims; i++) queries[q * dims + i] /= Math.sqrt(length)
  }
  return queries
}

/** The library that makes calls fail, compiled to `place`; undefined where there is no compiler, or no LD_PRELOAD. */
export function compileShim(place) {
  if (process.platform !== 'linux') return undefined
  const source = fileURLToPath(new URL('fault-shim.c', import.meta.url))
  const output = join(place, 'fault-shim.so')
  const compiler = [process.env.CC, 'cc', 'gcc', 'clang'].find(
    (name) => name && spawnSync(name, ['--version']).status === 0,
  )
  if (!compiler) return undefined
  const { status } = spawnSync(compiler, ['-shared', '-fPIC', '-O1', source, '-o', output, '-ldl'], {
    stdio: 'inherit',
  })
  return status === 0 ? output : undefined
}

/** The calls that a run wrote to the shim's log. */
export function callsIn(log) {
  if (!existsSync(log)) return []
  return readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [number, name, ...path] = line.split(' ')
      return { number: Number(number), name, path: path.join(' ') }
    })
}

/** Works off `jobs`, so many at a time. */
export async function inParallel(count, jobs, work) {
  let next = 0
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (next < jobs.length) await work(jobs[next++])
    }),
  )
}

/** Adds a part to the result file: each of the three runs has its own. */
export function keepPart(path, name, part) {
  const before = path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  return { ...before, [name]: { machine: machine(), node: process.version, ...part } }
}

export function count(counts, ...keys) {
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
}
