import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { soundRow, soundRows } from '../samples/validate/rows.js'
import { jsonl } from '../support/directory.js'
import { clara, workFolder } from './clara.js'

const work = workFolder()

function folder(name: string, files: Record<string, string>): string {
  const path = join(work, name)
  mkdirSync(path, { recursive: true })
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  return path
}

const validate = (...args: string[]) => clara(args, { bin: 'clara-validate' })

describe('clara-validate', () => {
  it('names 20 of each kind of finding, and with --quiet nothing else', async () => {
    const bad = [...Array(30).fill('{'), ...Array(30).fill('[]'), JSON.stringify(soundRow(1))].join('\n')
    const path = folder('kinds', { 'end_to_end_data.jsonl': bad })
    const { code, stdout, stderr } = await validate('--input-file', path, '--quiet')
    const kinds = ['not JSON', 'JSON object'].map(
      (kind) => stderr.split('\n').filter((line) => line.includes(kind)).length,
    )
    expect([code, stdout, kinds]).toEqual([1, '', [20, 20]])
    expect(stderr).not.toContain('more like these')
  })

  it('takes a folder, and finds what is on both sides of its split', async () => {
    const rows = soundRows(40)
    const path = folder('split', {
      'end_to_end_data.validation.jsonl': jsonl(...rows.slice(30), soundRow(3)),
      'end_to_end_data.train.jsonl': jsonl(...rows.slice(0, 30)),
      'qa.jsonl': '{}\n',
      'report.json': '{}',
    })
    const { code, stdout, stderr } = await validate('--input-file', path, '--expected-top-k', '4', '--json')
    expect(code).toBe(1)
    expect(stderr).toContain(
      'end_to_end_data.validation.jsonl:11: the question is in end_to_end_data.train.jsonl:4, too',
    )
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      ok: false,
      files: [
        { ok: true, lines: 30 },
        { ok: false, lines: 11 },
      ],
    })
    expect(report.files[1].findings.map(({ kind }: { kind: string }) => kind)).toEqual([
      'leaked-question',
      'leaked-passage',
    ])
    const text = await validate(
      '--input_file',
      join(path, 'end_to_end_data.train.jsonl'),
      '--input-file',
      path,
    )
    expect(text.stdout.match(/^File$/gm)).toHaveLength(2)
    expect(text.stdout).toMatch(/\nFAILED: 1 of 2 files: .*validation\.jsonl\n$/)
  })

  it('lets warnings pass, unless it is strict', async () => {
    const rows = soundRows(24)
    const path = folder('warned', {
      'end_to_end_data.jsonl': jsonl(...rows.with(7, { ...rows[7]!, question: rows[0]!.question })),
    })
    const mild = await validate('--input-file', path)
    expect(mild.stdout).toContain('OK: 24 samples, 4 docs each; 1 warning\n')
    expect(mild.code).toBe(0)
    const strict = await validate('--input-file', path, '--strict')
    expect(strict.stdout).toContain('FAILED: 1 finding in 1 sample\n')
    expect(strict.code).toBe(1)
    const schema = await validate('--input-file', path, '--strict', '--schema-only')
    expect(schema.code).toBe(0)
  })

  it('counts with the tokenizer that is named', async () => {
    const tokenizer = fileURLToPath(new URL('../../models/all-minilm-l6-v2/tokenizer.json', import.meta.url))
    const path = folder('long', { 'end_to_end_data.jsonl': jsonl(...soundRows(24)) })
    const args = ['--input-file', path, '--doc-max-tokens']
    const [own, named] = [
      await validate(...args, '12'),
      await validate(...args, '12', '--tokenizer', tokenizer),
    ]
    expect(named.stdout).toContain(`over 12 tokens of ${tokenizer}: `)
    expect(own.stdout).toContain('over 12 tokens of mistral: ')
    for (const { stdout } of [own, named]) expect(stdout).toMatch(/long-doc +24 /)
    expect(own.stdout).toMatch(/long-doc +24 /)
    expect(own.stdout).toMatch(/lost-answer +24 /)
    expect((await validate(...args, '64')).code).toBe(0)
  })

  it('warns of what is cut by default, and refuses it where the limit is named', async () => {
    const rows = soundRows(24).map((row, n) => ({
      ...row,
      docs: row.docs.map((doc, i) => (n === 6 && i === 0 ? `${doc} ${'and so on '.repeat(100)}` : doc)),
    }))
    const path = folder('cut', { 'end_to_end_data.jsonl': jsonl(...rows) })
    const [own, named] = [
      await validate('--input-file', path),
      await validate('--input-file', path, '--doc-max-tokens', '256'),
    ]
    expect(own.stdout).toMatch(/cut-doc +1 .*7/)
    expect(own.stdout).toContain('OK: 24 samples, 4 docs each; 1 warning\n')
    expect(named.stdout).toMatch(/long-doc +1 .*7/)
    expect([own.code, named.code]).toEqual([0, 1])
  })

  it.each<[string[], string]>([
    [['--input-file', 'nowhere'], 'no such file'],
    [['--input-file', folder('empty', {})], 'holds no file of samples'],
    [['--input-file', 'x', '--stage', 'third'], 'Allowed choices are pretrain, instruction, end-to-end'],
    [['--input-file', 'x', '--tokenizer', 'y'], 'y: no tokenizer there'],
    [['--input-file', 'x', '--doc-max-tokens', '9', '--tokenizer', 'y'], 'y: no tokenizer there'],
    [[], "required option '--input-file"],
  ])('%j: exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await validate(...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
