import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { namedTopK, readNamedTopK } from '#clara/samples/pack/named-top-k.js'
import { packSamples } from '#clara/samples/pack/pack.js'
import { lines, makeRun, samples } from '../../support/run-folder.js'

const work = mkdtempSync(join(tmpdir(), 'clara-named-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
const brief = (source: string) => namedTopK(source).map(({ stage, value }) => [stage, value])

describe('the k of a script', () => {
  it('is of the stage whose data a command reads', () => {
    const command = (dataset: string, stage: string, k: number) =>
      `!torchrun -m openrlhf.cli.train_sft \\\n    --dataset "${dataset}" \\\n    --stage ${stage} \\\n    --generation_top_k ${k} \\\n    --bf16\n`
    // The stage’s name does not decide: notebooks train instructions with stage2, too.
    const source = [
      command('{PRETRAIN_DATA}', 'stage1', 1),
      command('data/instruction_data.jsonl', 'stage2', 1),
      command('$data_path/end_to_end_data.jsonl', 'stage2', 5),
    ].join('print()\n')
    expect(brief(source)).toEqual([
      ['pretrain', 1],
      ['instruction', 1],
      ['end-to-end', 5],
    ])
    expect(brief('x --stage stage1 --generation_top_k 1')).toEqual([['pretrain', 1]])
    expect(brief('x --stage stage1_2 --generation_top_k 2')).toEqual([['instruction', 2]])
    expect(brief('x --stage stage2 --generation_top_k=7')).toEqual([['end-to-end', 7]])
  })

  it.each([
    ['a list of Python', "args = ['--stage', 'stage2', '--generation_top_k', '5', '--bf16']", 5],
    ['a variable of Python', 'K = 5  # documents\n!x --generation_top_k {K} --bf16', 5],
    ['one in a list', "K = 8\nrun(['--generation_top_k', str(K)])", 8],
    ['a variable of a shell', 'TOP_K=5\nx --generation_top_k "$TOP_K"', 5],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's
    ['a shell’s with a value of its own', 'top_k=${TOP_K:-5}\nx --generation_top_k $top_k', 5],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's
    ['a value of its own in place', 'x --generation_top_k ${TOP_K:-6}', 6],
    ['a parameter', 'GENERATION_TOP_K = 4', 4],
    ['a setting', '{"generation_top_k": 9}', 9],
    ['a variable that is set twice', 'K = 5\nK = 6\n!x --generation_top_k {K}', 6],
  ])('is read from %s', (_, source, k) => {
    expect(brief(source)).toEqual([['end-to-end', k]])
  })

  it('is of the command whose stage stands on another line', () => {
    const source = `run(['torchrun', '-m', 'openrlhf.cli.train_sft',
     '--stage', 'stage1_2',
     '--generation_top_k', '5',
     '--bf16'])
run(['torchrun', '-m', 'openrlhf.cli.train_sft',
     '--generation_top_k', '7',
     '--dataset', END_TO_END_DATA])`
    expect(brief(source)).toEqual([
      ['instruction', 5],
      ['end-to-end', 7],
    ])
  })

  it('is the trainer’s default where a command does not pass it', () => {
    expect(namedTopK('torchrun -m openrlhf.cli.train_sft --stage stage1 --bf16')).toEqual([
      { stage: 'pretrain', value: 1, text: undefined, chooses: false },
    ])
  })

  it('is not what a comment says, nor guessed', () => {
    expect(brief('# --generation_top_k 1\nx --generation_top_k 5')).toEqual([['end-to-end', 5]])
    expect(namedTopK('x --generation_top_k {args.k}')).toEqual([
      { stage: 'end-to-end', value: undefined, text: '{args.k}', chooses: true },
    ])
    expect(namedTopK('print()')).toEqual([])
  })

  it('is of code cells only', async () => {
    const path = join(work, 'n.ipynb')
    const cells = [
      { cell_type: 'markdown', source: ['--generation_top_k 9'] },
      { cell_type: 'code', source: ['!x \\\n', ' --generation_top_k 5'] },
      { cell_type: 'code', source: '!y --stage stage1 --generation_top_k 1' },
    ]
    writeFileSync(path, JSON.stringify({ cells }))
    expect((await readNamedTopK(path)).map(({ value }) => value)).toEqual([5, 1])
    await expect(readNamedTopK(join(work, 'none'))).rejects.toMatchObject({ code: 'input' })
    await expect(readNamedTopK(work)).rejects.toMatchObject({ code: 'input' })
  })
})

describe('packing for a notebook of one’s own', () => {
  const run = makeRun(join(work, 'run'))
  let count = 0
  const refused = async (text: string, directory = run) => {
    const notebook = join(work, 'mine.sh')
    writeFileSync(notebook, text)
    const outputFile = join(work, `${++count}.tar.gz`)
    const result = await packSamples(directory, { outputFile, notebook, onProblem: () => {} })
    return 'refusals' in result ? result.refusals.map(({ reason }) => reason) : []
  }

  it('goes on where all k are the data’s', async () => {
    expect(
      await refused('x --stage stage1 --generation_top_k 1\nx --stage stage2 --generation_top_k 3'),
    ).toEqual([])
    const own = JSON.stringify({ cells: [{ cell_type: 'code', source: ['GENERATION_TOP_K = 3\n'] }] })
    expect(await refused(own)).toEqual([])
  })

  it('goes on where not all stages are trained', async () => {
    for (const text of [
      'x --stage stage1 --generation_top_k 1',
      'torchrun -m openrlhf.cli.train_sft --stage stage1 --bf16',
      'x --dataset instruction_data.jsonl --stage stage2 --generation_top_k 1',
      'x --dataset $data_path/instruction_tuning_data.jsonl --stage stage1_2 --generation_top_k 1',
    ]) {
      expect([text, await refused(text)]).toEqual([text, []])
    }
  })

  it('goes on where the generator reads fewer documents than there are', async () => {
    for (const k of [1, 2, 3]) expect(await refused(`x --stage stage2 --generation_top_k ${k}`)).toEqual([])
    expect(await refused('x --stage stage2 --generation_top_k 0')).toEqual([
      'generation_top_k is 0, end_to_end_data.jsonl has 3 docs in each row',
    ])
    const own = JSON.stringify({ cells: [{ cell_type: 'code', source: ['GENERATION_TOP_K = 2\n'] }] })
    expect(await refused(own)).toEqual([])
  })

  it('goes by what the command does with it, not by its data', async () => {
    const rows = samples(7, 3).map(({ question, docs, answer }) => ({
      question,
      docs,
      answer,
      gold_answer: answer,
    }))
    const three = makeRun(join(work, 'three'), { files: { 'instruction_data.jsonl': lines(rows) } })
    expect(
      await refused('x --dataset instruction_data.jsonl --stage stage2 --generation_top_k 2', three),
    ).toEqual([])
    expect(
      await refused('x --dataset instruction_data.jsonl --stage stage1_2 --generation_top_k 2', three),
    ).toEqual(['generation_top_k is 2, instruction_data.jsonl has 3 docs in each row'])
  })

  it('is refused where one differs, cannot be told, or is not there', async () => {
    expect(await refused('x --generation_top_k 5')).toEqual([
      'generation_top_k is 5, end_to_end_data.jsonl has 3 docs in each row',
    ])
    expect(
      await refused('x --stage stage1_2 --generation_top_k 5\nx --stage stage2 --generation_top_k 3'),
    ).toEqual(['generation_top_k is 5, instruction_data.jsonl has 1 docs in each row'])
    expect(await refused('x --generation_top_k {k}')).toEqual([
      'generation_top_k is {k}, and no line says what that is',
    ])
    expect(await refused('x --stage stage2')).toEqual([expect.stringContaining('the trainer then takes 1')])
    expect(await refused('print("hello")')).toEqual([expect.stringContaining('names no generation_top_k')])
  })
})
