/**
 * The model of the trainer finds what is known to go wrong in it. The scripts here are as small as the trainer lets them be,
 * each with one fault.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lines } from '../support/run-folder.js'
import { checkTraining, HOW_TO_INSTALL, isInstalled } from './trainer.js'

const work = mkdtempSync(join(tmpdir(), 'clara-trainer-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

type Row = Record<string, unknown>
type Stage = 'stage1' | 'stage1_2' | 'stage2'

const FLAGS: Record<Stage, string> = {
  stage1: '--max_len 2048 --learning_rate 1e-4',
  stage1_2: '--max_len 2048 --learning_rate 1e-4',
  stage2: '--max_len 1024 --learning_rate 5e-6 --lr_scheduler constant',
}
const SCRIPTS: Record<Stage, string> = {
  stage1: 'train_stage1.sh',
  stage1_2: 'train_stage2.sh',
  stage2: 'train_stage3.sh',
}

function row(stage: Stage, number: number, k: number): Row {
  const docs = Array.from(
    { length: k },
    (_, doc) => `Jar ${number} on board ${doc} holds ${number + doc} figs.`,
  )
  const question = `How many figs does jar ${number} hold?`
  const answer = `${number} figs`
  return stage === 'stage1'
    ? { data_type: 'qa', question: [question], answers: [answer], docs }
    : { question, docs, answer, gold_answer: answer, pos_index: [0] }
}

interface Archive {
  stage?: Stage
  rows?: number
  k?: number
  /** Of row 3. */
  changed?: Row
  /** Of the trainer: later ones win. */
  flags?: string
  /** Before the call. */
  script?: string
  dataset?: string
  folder?: string
  evaluationRows?: number
}

let folders = 0

/** Without a fault: 40 rows, 10 steps of 4 in each of 2 epochs. */
function archive({ stage = 'stage2', rows = 40, k = 3, changed, flags = '', ...more }: Archive): string {
  const folder = join(work, `${++folders}`, more.folder ?? 'archive')
  mkdirSync(folder, { recursive: true })
  const all = Array.from({ length: rows }, (_, number) => row(stage, number, k))
  if (changed) all[3] = { ...all[3], ...changed }
  writeFileSync(join(folder, 'rows.jsonl'), lines(all))
  let evaluation = ''
  if (more.evaluationRows) {
    const held = Array.from({ length: more.evaluationRows }, (_, number) => row(stage, 1000 + number, k))
    writeFileSync(join(folder, 'held.jsonl'), lines(held))
    evaluation = '--eval_dataset "$data/held.jsonl"'
  }
  writeFileSync(
    join(folder, SCRIPTS[stage]),
    `set -e
data=$(cd "$(dirname "$0")" && pwd)
cd "$TRAINER"
${more.script ?? ''}
torchrun --nproc_per_node "\${GPUS:-1}" -m openrlhf.cli.train_sft --pretrain base --dataset ${more.dataset ?? '"$data/rows.jsonl"'} \\
  ${evaluation} --stage ${stage} ${FLAGS[stage]} --generation_top_k ${k} --train_batch_size 4 --micro_train_batch_size 2 \\
  --max_epochs 2 ${flags}
`,
  )
  return folder
}

const wrong = (fault: Archive, ...flags: string[]) => checkTraining(archive(fault), ...flags).wrong.join('\n')

if (!isInstalled) console.warn(HOW_TO_INSTALL)

describe.skipIf(!isInstalled)('the model of the trainer', () => {
  it.each(['stage1', 'stage1_2', 'stage2'] as const)(
    'finds nothing wrong with %s as it should be',
    (stage) => {
      const k = stage === 'stage2' ? 3 : 1
      const { status, stdout } = checkTraining(archive({ stage, k }), '--trainer', 'apple', 'fork')
      expect(stdout).toContain('20 steps of 4 rows in 2 epochs')
      expect(stdout).toContain('40 rows applied')
      expect(stdout).toMatch(/\nit trains\n$/)
      expect(status).toBe(0)
    },
  )

  describe('steps', () => {
    it('one step of a large batch, at a rate of 0, and rows that are in none', () => {
      const found = wrong({
        stage: 'stage1',
        k: 1,
        rows: 156,
        flags: '--train_batch_size 128 --max_epochs 1',
      })
      expect(found).toContain('1 optimizer steps, 20 are the least')
      expect(found).toContain('every step runs at a rate of 0')
      expect(found).toContain('28 of 156 rows are in no optimizer step')
    })

    it('a warm-up of the first step alone is no fault with steps to follow', () => {
      expect(wrong({ stage: 'stage1', k: 1, rows: 200, flags: '--lr_warmup_ratio 0.03' })).toBe('')
    })

    it('what the last epoch leaves over is never applied, what one before does is', () => {
      expect(wrong({ rows: 42, flags: '--max_epochs 1' })).toContain('2 of 42 rows are in no optimizer step')
      // 84 rows in two epochs of 21 micro batches, 21 steps.
      expect(wrong({ rows: 42, flags: '--max_epochs 2' })).toBe('')
    })

    it('rows over --max_samples', () => {
      expect(wrong({ rows: 100, flags: '--max_samples 80' })).toContain(
        '20 of 100 rows are in no optimizer step',
      )
    })

    it('rows named twice fill the last batch', () => {
      const twice = { rows: 99, flags: '--max_samples 100', dataset: '"$data/rows.jsonl,$data/rows.jsonl"' }
      expect(wrong(twice)).toBe('')
    })

    it('fewer rows than a batch: a division by zero in one, steps over epochs in the other', () => {
      const few = { rows: 6, flags: '--train_batch_size 8 --max_epochs 40' }
      expect(wrong(few)).toContain('division by zero')
      expect(wrong(few, '--trainer', 'fork')).toBe('')
    })

    it('a batch that the GPUs do not share', () => {
      expect(wrong({}, '--gpus', '2')).toBe('')
      expect(wrong({}, '--gpus', '4')).toContain('no multiple of 2 rows a GPU times 4')
    })

    it('a schedule that takes no least rate', () => {
      expect(wrong({ flags: '--lr_scheduler linear' })).toContain('--lr_scheduler linear')
    })
  })

  describe('evaluation', () => {
    it('ends stage 3', () => {
      expect(wrong({ evaluationRows: 4, flags: '--eval_steps 10' })).toContain(
        "after step 10: KeyError 'recall_1'",
      )
    })

    it('works in stages 1 and 2, but not before eval_steps', () => {
      const stage = { stage: 'stage1', k: 1, evaluationRows: 4 } as const
      expect(wrong({ ...stage, flags: '--eval_steps -1' })).toBe('')
      expect(wrong({ ...stage, flags: '--eval_steps 21' })).toContain('never looked at')
    })

    it('with fewer rows than a micro batch there is none, in any stage', () => {
      expect(wrong({ evaluationRows: 1, flags: '--eval_steps -1' })).toBe('')
    })
  })

  describe('texts', () => {
    it.each([
      ['question', { question: 'What is <MEM0>?' }],
      ['answer', { answer: 'It is <MEM7>.' }],
      ['document', { docs: ['One <MEM3>.', 'Two.', 'Three.'] }],
    ])('a memory token in the %s', (_, changed) => {
      expect(wrong({ changed })).toMatch(/rows.jsonl:4: holds <MEM\d>/)
    })

    it('<MEM8> is none, as there are 8', () => {
      expect(wrong({ changed: { question: 'What is <MEM8>?' } })).toBe('')
    })

    it.each([
      ['English', 'Each of the pumps was repaired. '.repeat(40)],
      ['Chinese', '每台水泵都在春天修理过。'.repeat(25)],
      ['long words', 'Donaudampfschifffahrtsgesellschaft '.repeat(25)],
    ])('a document over the cut, and the answer with it: %s', (_, text) => {
      const docs = [`${text}The key lies under the fig tree.`, 'Two.', 'Three.']
      const found = wrong({ changed: { docs, answer: 'under the fig tree' } })
      expect(found).toMatch(
        /rows.jsonl:4: docs\[0\] has \d+ tokens, 257 are read, and the answer is not in them/,
      )
      const first = {
        docs: [`The key lies under the fig tree. ${text}`, 'Two.', 'Three.'],
        answer: 'under the fig tree',
      }
      expect(wrong({ changed: first })).not.toContain('the answer is not')
    })

    it('a document of 257 tokens is read', () => {
      const docs = [Array.from({ length: 257 }, () => 'tree').join(' '), 'Two.', 'Three.']
      expect(wrong({ changed: { docs } })).toBe('')
      expect(wrong({ changed: { docs: [`${docs[0]} tree`, 'Two.', 'Three.'] } })).toContain('258 tokens')
    })

    it('a question that fills max_len leaves no token to learn', () => {
      const changed = { question: 'river '.repeat(1100) }
      const alone = wrong({ changed, flags: '--micro_train_batch_size 1' })
      expect(alone).toContain('none of the answer is left')
      expect(alone).toContain('the loss is nan')
      // Beside a shorter row it is padded, and the padding is learned.
      expect(wrong({ changed })).not.toContain('nan')
    })

    it('an answer that is cut', () => {
      expect(wrong({ changed: { answer: 'river '.repeat(1000) } })).toContain('the answer is cut')
    })
  })

  describe('documents and fields', () => {
    it('so many documents that their places do not fit max_len', () => {
      expect(wrong({ k: 110 })).toContain('AssertionError')
      expect(wrong({ k: 110, flags: '--max_len 1280' })).toBe('')
    })

    it('5 of 10 are chosen, 11 of 10 are not there', () => {
      expect(wrong({ k: 10, flags: '--generation_top_k 5' })).toBe('')
      expect(wrong({ k: 10, flags: '--generation_top_k 11' })).toContain('selected index k out of range')
    })

    it('stage 2 asserts what it is told', () => {
      expect(wrong({ stage: 'stage1_2', k: 5 })).toBe('')
      expect(wrong({ stage: 'stage1_2', k: 5, flags: '--generation_top_k 1' })).toContain(
        'Expected 1 documents, got 5',
      )
    })

    it('rows of different numbers of documents', () => {
      expect(wrong({ changed: { docs: ['1', '2', '3', '4'] } })).toContain('rows of 3, 4 documents')
    })

    it('gold_answer alone is what the fork reads', () => {
      const changed = { answer: undefined }
      expect(wrong({ changed })).toContain('No valid answer field')
      expect(wrong({ changed }, '--trainer', 'fork')).toBe('')
    })

    it.each([
      ['context', { docs: undefined, context: ['1', '2', '3'] }],
      ['golden_answers', { answer: undefined, golden_answers: ['figs'] }],
    ])('%s is read as well', (_, changed) => {
      expect(wrong({ changed })).toBe('')
    })

    it.each<[string, Row]>([
      ['no documents', { docs: undefined }],
      ['no question', { question: undefined }],
      ['a list of questions among texts', { question: ['?'] }],
    ])('%s', (_, changed) => {
      expect(wrong({ changed })).toContain('rows.jsonl:4: ')
    })

    it('paraphrases and questions in one file', () => {
      const changed = { data_type: 'paraphrase', question: '', answers: ['Figs, in a jar.'] }
      expect(wrong({ stage: 'stage1', k: 1, changed })).toContain('datasets reads one type a field')
    })
  })

  describe('scripts', () => {
    it.each(['a,b', 'user@host'])('a folder that the trainer parts: %s', (folder) => {
      expect(wrong({ folder })).toContain('which is no file')
    })

    it('a script that ends by itself, with its words', () => {
      expect(wrong({ script: 'echo "too few rows" >&2; exit 1' })).toContain('exit code 1: too few rows')
    })

    it('a flag that the trainer does not have', () => {
      expect(wrong({ flags: '--lora_rank 16' })).toContain('unrecognized arguments: --lora_rank 16')
      expect(wrong({ flags: '--lora_rank 16' }, '--trainer', 'fork')).toBe('')
    })

    it('a folder without scripts', () => {
      expect(checkTraining(work).status).toBe(1)
    })
  })
})
