// The main job on the example: index, search, mine, validate. Runs the commands as a user would.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = (name) => relative(process.cwd(), fileURLToPath(new URL(name, import.meta.url)))
const clara = path('../dist/cli/clara.js')
const output = path('output')

function run(...args) {
  console.log(`\n$ clara ${args.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ')}`)
  const { status, error } = spawnSync(process.execPath, [clara, ...args], { stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) {
    console.error(`\nthe demo stopped: clara ended with exit code ${status}`)
    process.exit(status ?? 2)
  }
}

const index = `${output}/index`
const samples = `${output}/samples`
const data = `${samples}/end_to_end_data.jsonl`
rmSync(output, { recursive: true, force: true })

// 32 of the 72 passages are Chinese: the build takes the embedded model that reads both languages, and says so.
run('index', 'build', '--input-file', path('raw_knowledge.jsonl'), '--output-dir', index)
run('index', 'search', index, '--query', 'Why is the dot product divided before the softmax?', '-k', '3')
const asked = ['--index', index, '--qa-file', path('qa.jsonl')]
run('mine', ...asked, '--output-dir', samples, '--target-top-k', '5')
run('validate', '--input-file', data, '--expected-top-k', '5')

const first = JSON.parse(readFileSync(data, 'utf8').split('\n')[0])
console.log(`
Done. What to look at:
  ${data}
      one sample a line: question, 5 docs, gold_answer, answer, pos_index.
      The first asks "${first.question}";
      docs[${first.pos_index[0]}] answers it, the other four are hard negatives.
  ${samples}/end_to_end_data.provenance.jsonl
      the same lines: where each document came from, its rank and score, what was passed over.
  ${samples}/report.json
      the counts of the run.`)
