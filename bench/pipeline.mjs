// The whole way on real documents, as a user has it: the package is packed, installed in a folder with blanks and other letters, and
// documents become an archive for the trainer, on several versions of Node.
//
//   npm run build && node bench/pipeline.mjs DATA [--nodes 20.19.0,22,24] [--uid N] [--output FILE]
//
// DATA/documents holds folders of documents. The questions come from a stand-in for an endpoint in the first run of each version; a
// second one is made of the journal alone, with nobody to ask, and must give the same bytes. So must all versions. Versions of Node come
// from the npm package `node`, into the same folder; what cannot be installed is left out with a line. Who runs this as root names an
// ordinary user's id with --uid: packing and installing are then root's, the rest is that one's.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { keep } from './keep.mjs'
import { machine } from './machine.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '20.19.0,22,24' },
    uid: { type: 'string' },
    output: { type: 'string' },
  },
})
const documents = join(positionals[0] ?? '', 'documents')
if (!existsSync(documents)) {
  console.error('usage: node bench/pipeline.mjs DATA, where DATA/documents holds folders of documents')
  process.exit(2)
}
const root = fileURLToPath(new URL('..', import.meta.url))
const place = join(mkdtempSync(join(tmpdir(), 'clara-pipeline-')), 'mes données 数据')
mkdirSync(place)
const uid = flags.uid && Number(flags.uid)
const home = join(place, 'home')
for (const folder of [join(place, '..'), place]) chmodSync(folder, 0o755)
const round = (value) => Number(value.toFixed(2))

/** @param asUser as whom the commands are for, where somebody else runs this. */
function run(command, args, { cwd = place, env = {}, asUser = false } = {}) {
  const started = performance.now()
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', ...env },
    ...(asUser && uid && { uid, gid: uid }),
  })
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}\n${stderr}`)
  return { stdout, seconds: round((performance.now() - started) / 1000) }
}

function install() {
  writeFileSync(join(place, 'package.json'), '{"name":"user","private":true}\n')
  const { stdout } = run('npm', ['pack', '--json', '--pack-destination', place], { cwd: root })
  const [{ filename, size }] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  run('npm', ['install', '--no-audit', '--no-fund', join(place, filename)])
  return { tarball_bytes: size }
}

/** @returns its executable, or nothing with a line that says why. */
function nodeOf(version) {
  const folder = join(place, `node-${version}`)
  mkdirSync(folder)
  try {
    run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `node@${version}`])
    return join(folder, 'node_modules/node/bin/node')
  } catch (error) {
    console.error(`Node ${version} is left out: ${error.message.split('\n')[0]}`)
  }
}

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

function pipeline(node, url) {
  const at = (name) => join(work, name)
  const work = join(place, 'work')
  for (const folder of [work, home]) {
    mkdirSync(folder, { recursive: true })
    if (uid) chownSync(folder, uid, uid)
  }
  const steps = {}
  const clara = (step, args) => {
    const cli = join(place, 'node_modules/clara-topk/dist/cli/clara.js')
    steps[step] = run(node, [cli, ...args, '--quiet'], {
      cwd: work,
      env: { HOME: home },
      asUser: true,
    }).seconds
  }
  clara('extract', [
    'extract',
    '--input-dir',
    resolve(documents),
    '--output-file',
    'raw_knowledge.jsonl',
    '--image-output-dir',
    'images',
  ])
  clara('index', [
    'index',
    'build',
    '--input-file',
    'raw_knowledge.jsonl',
    '--output-dir',
    'my-index',
    '--force',
  ])
  const synth = [
    'synth',
    '--index',
    'my-index',
    '--output-dir',
    'out',
    '--local-embeddings',
    '--split',
    '0.8/0.2',
  ]
  clara('synth', [...synth, '--base-url', url])
  const first = sha256(at('out/end_to_end_data.train.jsonl'))
  // Nobody listens there: what is asked for now would be an error.
  clara('synth, replayed', [...synth, '--base-url', 'http://127.0.0.1:9/v1', '--overwrite'])
  if (sha256(at('out/end_to_end_data.train.jsonl')) !== first) throw new Error('the replay gives other bytes')
  clara('validate', ['validate', '--input-file', 'out', '--expected-top-k', '5'])
  clara('report', ['report', '--input-dir', 'out'])
  clara('pack', ['pack', '--input-dir', 'out', '--output-file', 'data.tar.gz', '--expected-top-k', '5'])
  clara('verify', ['pack', '--verify', 'data.tar.gz'])
  const files = ['raw_knowledge.jsonl', 'out/end_to_end_data.train.jsonl', 'data.tar.gz']
  const hashes = Object.fromEntries(files.map((name) => [name, sha256(at(name))]))
  const rows = readFileSync(at('out/end_to_end_data.train.jsonl'), 'utf8').trimEnd().split('\n').length
  renameSync(work, join(place, `work-${Object.keys(results).length}`))
  return { seconds: steps, rows, hashes }
}

/** In a thread: this one waits for its children. */
async function standIn() {
  const code = `import('node:worker_threads').then(async ({ parentPort, workerData }) => {
    const { startServer } = await import(workerData)
    const { url } = await startServer({ latencyMs: 5, faults: {} })
    parentPort.postMessage(url)
  })`
  const worker = new Worker(code, {
    eval: true,
    workerData: new URL('./synth/server.mjs', import.meta.url).href,
  })
  return {
    url: await new Promise((resolve) => worker.once('message', resolve)),
    stop: () => worker.terminate(),
  }
}

const results = {}
const server = await standIn()
try {
  const { tarball_bytes } = install()
  for (const version of flags.nodes.split(',')) {
    const node = nodeOf(version)
    if (!node) continue
    const name = run(node, ['--version']).stdout.trim()
    results[name] = pipeline(node, server.url)
    console.error(`${name}: ${JSON.stringify(results[name].seconds)}`)
  }
  const all = Object.values(results).map(({ hashes }) => JSON.stringify(hashes))
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    user: process.getuid?.() === 0 && !uid ? 'root' : 'ordinary',
    tarball_bytes,
    same_bytes: new Set(all).size === 1,
    versions: results,
  }
  process.stdout.write(keep(result, flags.output))
  process.exitCode = result.same_bytes && all.length > 0 ? 0 : 1
} finally {
  await server.stop()
  rmSync(join(place, '..'), { recursive: true, force: true })
}
