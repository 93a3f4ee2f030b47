// Installs what the comparisons need, once, into bench/.peers: two Python environments with pinned packages, the models, and
// transformers.js. What cannot be had here is left out with a line that says why; the benchmarks then leave it out, too.
//
//   node bench/peers/setup.mjs [--python python3.11]
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values: flags } = parseArgs({ options: { python: { type: 'string', default: 'python3.11' } } })
const folder = here('../.peers')
mkdirSync(folder, { recursive: true })

function run(command, args, env = {}) {
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  })
  if (status === 0) return
  throw new Error(error?.message ?? stderr.trim().split('\n').at(-1))
}

/** Done is what has its mark: a step that was broken off is begun anew. */
function step(name, make) {
  const mark = join(folder, `${name}.done`)
  if (existsSync(mark)) return console.error(`${name}: there already`)
  try {
    make(join(folder, name))
    writeFileSync(mark, '')
    console.error(`${name}: installed`)
  } catch (error) {
    console.error(`${name}: left out: ${error.message}`)
  }
}

const environment = (requirements) => (path) => {
  rmSync(path, { recursive: true, force: true })
  run(flags.python, ['-m', 'venv', path])
  run(join(path, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', here(requirements)])
}

step('venv', environment('requirements.txt'))
step('venv-onnx', environment('requirements-onnx.txt'))
step('models', (path) => run(join(folder, 'venv/bin/python'), [here('make_models.py'), path]))
step('reranker', (path) =>
  run(join(folder, 'venv/bin/python'), [
    here('../mining/checkpoint_of_onnx.py'),
    here('../../models/minilm-l6-reranker'),
    path,
  ]),
)
step('js', (path) => {
  mkdirSync(path, { recursive: true })
  copyFileSync(here('package.json'), join(path, 'package.json'))
  run('npm', ['install', '--prefix', path, '--no-audit', '--no-fund'], { ONNXRUNTIME_NODE_INSTALL: 'skip' })
})
