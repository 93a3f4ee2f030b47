// Installs what the comparisons need, once, into bench/.peers: two Python environments with pinned packages, the models, and
// transformers.js. What cannot be had here is left out with a line that says why; the benchmarks then leave it out, too.
//
//   node bench/peers/setup.mjs [--python python3.11] [--torch-index URL]
//
// Needs Python 3.11 or newer with venv, a C++ compiler (hnswlib), npm, the registries of both, and 6 GB of disk. Run again, it
// makes only what is missing, was broken off, or is of other pins. --torch-index: where to get torch from instead of PyPI, such
// as the index of builds for CPUs that PyTorch's page on installing names. Exits with 1 where something is left out.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findPython, run } from './install.mjs'
import { FOLDER, leftOut, peer } from './peers.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const recipe = (name) => here(`../../models/recipe/${name}`)
const reranker = here('../../models/minilm-l6-reranker')

/** name -> what it is made of, which of the others it needs, and how it is made. */
function steps(flags) {
  const python = (...args) => run(join(FOLDER, 'venv/bin/python'), args)
  const locked = (lock, modules) => ({
    of: [here(lock), here('empty_libraries.py')],
    make: (path) => makeEnvironment(path, here(lock), modules, flags),
  })
  return {
    venv: locked('lock.txt', ['sentence_transformers', 'faiss', 'hnswlib', 'datasets', 'onnxscript']),
    'venv-onnx': locked('lock-onnx.txt', ['sentence_transformers', 'optimum.onnxruntime', 'fastembed']),
    models: {
      of: [
        here('make_models.py'),
        ...['build', 'compensate', 'encoder', 'graph'].map((name) => recipe(`${name}.py`)),
      ],
      needs: 'venv',
      make: (path) => python(here('make_models.py'), path),
    },
    reranker: {
      of: [here('../mining/checkpoint_of_onnx.py'), join(reranker, 'model.onnx')],
      needs: 'venv',
      make: (path) => python(here('../mining/checkpoint_of_onnx.py'), reranker, path),
    },
    js: { of: [here('package.json')], make: makeJs },
  }
}

function makeEnvironment(path, lock, modules, flags) {
  run(findPython(flags.python), ['-m', 'venv', path])
  const own = join(path, 'bin/python')
  const pip = (...args) =>
    run(own, ['-m', 'pip', 'install', '--quiet', '--retries', '2', '--no-deps', ...args])
  if (flags['torch-index']) {
    const torch = readFileSync(lock, 'utf8').match(/^torch==\S+/m)[0]
    pip('--index-url', flags['torch-index'], torch)
  }
  // The lock is complete; torch's own list would add gigabytes for GPUs that nothing here uses.
  pip('-r', lock)
  run(own, [here('empty_libraries.py')])
  run(own, ['-c', `import ${modules.join(', ')}`])
}

function makeJs(path) {
  mkdirSync(path, { recursive: true })
  copyFileSync(here('package.json'), join(path, 'package.json'))
  // Its own pause before it tries again is ten seconds a package.
  const options = '--no-audit --no-fund --fetch-retries 1 --fetch-retry-mintimeout 1000'.split(' ')
  run('npm', ['install', '--prefix', path, ...options], { ONNXRUNTIME_NODE_INSTALL: 'skip' })
}

/** Done is what has a mark of the same inputs: a step that was broken off, or whose pins changed, is begun anew. */
function install(name, { of, needs, make }) {
  const path = join(FOLDER, name)
  const mark = `${path}.done`
  const inputs = digest(of)
  if (existsSync(path) && existsSync(mark) && readFileSync(mark, 'utf8') === inputs)
    return console.error(`${name}: there already`)
  rmSync(mark, { force: true })
  rmSync(path, { recursive: true, force: true })
  if (needs && !peer(needs)) return console.error(`${name}: left out: ${needs} is not there`)
  console.error(`${name}: being made; this takes some minutes`)
  const started = performance.now()
  try {
    make(path)
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    return console.error(`${name}: left out: ${error.message}`)
  }
  writeFileSync(mark, inputs)
  console.error(`${name}: installed (${((performance.now() - started) / 60_000).toFixed(1)} minutes)`)
}

function digest(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}

function options() {
  try {
    return parseArgs({ options: { python: { type: 'string' }, 'torch-index': { type: 'string' } } }).values
  } catch (error) {
    console.error(
      `${error.message}\nusage: node bench/peers/setup.mjs [--python python3.11] [--torch-index URL]`,
    )
    process.exit(2)
  }
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, step] of Object.entries(steps(options()))) install(name, step)
const missing = leftOut()
for (const line of missing) console.error(`the benchmarks leave out ${line}`)
process.exitCode = missing.length > 0 ? 1 : 0
