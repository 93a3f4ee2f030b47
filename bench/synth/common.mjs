// What the runs share: made-up passages, the built command, and what it leaves.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine } from '../machine.mjs'

const CLI = fileURLToPath(new URL('../../dist/cli/clara-synth.js', import.meta.url))
/** With characters that JSON and URLs spell otherwise. */
export const KEY = 'sk-canary/7f3e"2b\\9a+5d&1c=a1b2c3d4e5f6'
/** What a run leaves that must not depend on how it went. */
export const RESULTS = [
  'end_to_end_data.jsonl',
  'end_to_end_data.provenance.jsonl',
  'pretrain_data.jsonl',
  'pretrain_paraphrase_data.jsonl',
  'instruction_data.jsonl',
  'qa.jsonl',
  'rejected.jsonl',
  'report.json',
]

/** `count` documents of one chunk each, all different. */
export function corpusFile(path, count) {
  const words = (n) =>
    Array.from(
      { length: 40 },
      (_, i) => `w${createHash('sha256').update(`${n} ${i}`).digest('hex').slice(0, 5)}`,
    )
  const line = (n) =>
    JSON.stringify({ filename: `d${n}`, content: `Passage ${n} says ${words(n).join(' ')}.` })
  writeFileSync(path, `${Array.from({ length: count }, (_, n) => line(n)).join('\n')}\n`)
  return path
}

/** Starts clara-synth; the key is in a file, so that it is in no process's environment. */
export function startSynth({ corpus, output, url, keyFile, more = [] }) {
  const { OPENAI_API_KEY: _, ...env } = process.env
  const args = ['--input-file', corpus, '--output-dir', output, '--base-url', url, '--api-key-file', keyFile]
  const child = spawn(process.execPath, [CLI, ...args, '--json', ...more], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text
    })
  }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
  return { child, ended }
}

/** The whole lines of a file. */
export function linesOf(path) {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

export function resultsOf(output) {
  const hash = (name) =>
    createHash('sha256')
      .update(readFileSync(join(output, name)))
      .digest('hex')
  return RESULTS.map((name) => `${name} ${existsSync(join(output, name)) ? hash(name) : 'missing'}`).join(
    '\n',
  )
}

/** Adds a part to the result file: each of the runs has its own. */
export function withPart(path, name, part) {
  const before = path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  return { ...before, [name]: { machine: machine(), node: process.version, ...part } }
}
