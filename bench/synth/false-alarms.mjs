// How often each check of a pair is wrong: of questions and answers that people wrote about passages, all are right.
//
//   npm run build && node bench/synth/false-alarms.mjs --data DIR… [--questions 200] [--examples 3] [--output FILE]
//
// A DIR holds corpus.jsonl and qa.jsonl. The questions are spread evenly over the file. The quote is the sentence of the passage that
// has the answer, as a model would give it.
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { pairFaults } from '../../dist/questions/checks/check-pair.js'
import { createDuplicates } from '../../dist/questions/checks/duplicates.js'
import { leakFinder } from '../../dist/questions/checks/leak.js'
import { readPassage } from '../../dist/questions/checks/passage.js'
import { taskOf } from '../../dist/questions/prompt.js'
import { keep } from '../keep.mjs'
import { machine } from '../machine.mjs'
import { linesOf } from './common.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', multiple: true, default: [] },
    questions: { type: 'string', default: '200' },
    examples: { type: 'string', default: '0' },
    output: { type: 'string' },
  },
})
const folders = [...flags.data, ...positionals]
if (folders.length === 0) throw new Error('--data DIR is required: a folder with corpus.jsonl and qa.jsonl')

const WRITING = { pairsPerChunk: 3, shares: { fact: 1 }, promptLanguage: 'auto' }
const SENTENCE = /[^.!?。！？\n]+[.!?。！？]*/g

function sentenceWith(answer, passage) {
  const at = Math.max(0, passage.indexOf(answer))
  for (const { index, 0: sentence } of passage.matchAll(SENTENCE)) {
    if (index + sentence.length > at && sentence.trim().length >= 20) return sentence.trim().slice(0, 900)
  }
  return passage.slice(0, 200)
}

function measure(folder) {
  const passages = new Map(linesOf(`${folder}/corpus.jsonl`).map(({ _id, text }) => [_id, text]))
  const all = linesOf(`${folder}/qa.jsonl`)
  const count = Math.min(all.length, Number(flags.questions))
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)])
  const duplicates = createDuplicates()
  const alarms = {}
  const examples = {}
  for (const { question, answer, doc_id } of chosen) {
    const text = passages.get(doc_id)
    const passage = readPassage(text)
    const grounds = { passages: [passage], leak: leakFinder(taskOf(text, ['fact'], WRITING).system) }
    const faults = pairFaults(
      { type: 'fact', question, answer, quotes: [sentenceWith(answer, text)] },
      grounds,
    )
    if (!duplicates.add(question)) faults.push('the same question as one before')
    for (const fault of faults) {
      alarms[fault] = (alarms[fault] ?? 0) + 1
      examples[fault] = [...(examples[fault] ?? []), `${question} — ${answer}`]
    }
  }
  for (const [fault, of] of Object.entries(examples)) {
    for (const example of of.slice(0, Number(flags.examples)))
      console.error(`${basename(folder)}: ${fault}: ${example}`)
  }
  const percent = Object.entries(alarms)
    .sort(([, a], [, b]) => b - a)
    .map(([fault, alarmed]) => [fault, Number(((100 * alarmed) / count).toFixed(2))])
  return { questions: count, alarms: Object.fromEntries(percent) }
}

const result = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  unit: 'percent of the questions',
  sets: Object.fromEntries(folders.map((folder) => [basename(folder), measure(folder)])),
}
process.stdout.write(keep(result, flags.output))
