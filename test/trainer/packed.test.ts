/** What clara-pack makes is what the model of the trainer finds nothing wrong with. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packSamples } from '#clara/samples/pack/pack.js'
import { type HandMadeRun, lines, makeRun } from '../support/run-folder.js'
import { checkTraining, isInstalled } from './trainer.js'

const work = mkdtempSync(join(tmpdir(), 'clara-trainer-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

let folders = 0

/** @param run a run directory, or what to make one of. */
async function packed(run: HandMadeRun | string): Promise<string> {
  const folder = join(work, `${++folders}`)
  const directory = typeof run === 'string' ? run : makeRun(join(work, `run ${folders}`), run)
  const outputFile = `${folder}.tar.gz`
  const result = await packSamples(directory, { outputFile, onProblem: () => {} })
  if ('refusals' in result) throw new Error(`refused: ${JSON.stringify(result.refusals)}`)
  mkdirSync(folder)
  execFileSync('tar', ['-xzf', outputFile, '-C', folder])
  const [only, ...others] = readdirSync(folder)
  return others.length === 0 ? join(folder, only!) : folder
}

const SPLIT: HandMadeRun['sides'] = ['.train', '.validation']

describe.skipIf(!isInstalled)('packed archives, by the model of the trainer', () => {
  it('train on each of their rows, on 1, 2 and 4 GPUs', async () => {
    const runs: HandMadeRun[] = [20, 100, 156].flatMap((rows) => [{ rows }, { rows, sides: SPLIT }])
    const folders = []
    for (const run of runs) folders.push(await packed(run))
    const { stdout, wrong } = checkTraining(folders, '--gpus', '1', '2', '4')
    expect(wrong).toEqual([])
    expect(stdout).toMatch(/\nit trains\n$/)
    // 4 stages of 6 archives.
    expect(stdout.match(/: --stage /g)).toHaveLength(4 * 6 * 3)
  })

  it.each([1, 5, 10, 110])('of %i documents a row', async (k) => {
    const folder = await packed({ rows: 40, k })
    expect(checkTraining(folder, '--trainer', 'apple', 'fork').wrong).toEqual([])
  })

  it.each([1_000, 100_000])('of %i rows', async (rows) => {
    // One stage's file: what the others would add is time.
    const run = makeRun(join(work, `of ${rows}`), {
      sides: [],
      files: { 'pretrain_data.jsonl': questions(rows) },
    })
    const { stdout, wrong } = checkTraining(await packed(run))
    expect(wrong).toEqual([])
    expect(stdout).toContain(` ${rows} rows applied`)
  })
})

function questions(rows: number): string {
  return lines(
    Array.from({ length: rows }, (_, number) => ({
      data_type: 'qa',
      question: [`What does jar ${number} hold?`],
      answers: [`${number} figs`],
      docs: [`Jar ${number} holds ${number} figs.`],
    })),
  )
}
