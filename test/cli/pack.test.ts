import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { lines, makeRun, samples } from '../support/run-folder.js'
import { clara, shell, workFolder } from './clara.js'

const work = workFolder()
const run = makeRun(join(work, 'run'))
const place = (name: string) => join(work, name)
const pack = (output: string, ...flags: string[]) =>
  clara(['--input-dir', run, '--output-file', place(output), ...flags], { bin: 'clara-pack' })
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('clara-pack', () => {
  it('writes the archive, and --verify passes it', async () => {
    const { code, stdout, stderr } = await pack('one.tar.gz', '--json', '--expected-top-k', '3')
    expect([code, stderr]).toEqual([0, ''])
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ top_k: 3, left_out: [], sha256: sha256(place('one.tar.gz')) })
    expect(result.rows['instruction_data.jsonl']).toBe(7)
    const verified = await clara(['pack', '--verify', place('one.tar.gz'), '--json'])
    expect(verified.code).toBe(0)
    const { sha256: packed, data_sha256 } = result
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, findings: [], sha256: packed, data_sha256 })
  })

  it('writes the same bytes in another time zone, language, umask and from another folder', async () => {
    await pack('same.tar.gz', '--quiet')
    mkdirSync(place('there'))
    // Where a locale is not installed the shell says so; Node has all of them.
    const { code } = await shell(
      `cd / && umask 077 && export TZ=Asia/Kathmandu LC_ALL=zh_CN.UTF-8 LANG=tr_TR HOME=/nowhere USER=other && clara pack --input-dir '${run}/.' --output-file '${place('there/same.tar.gz')}' --quiet`,
    )
    expect(code).toBe(0)
    expect(sha256(place('there/same.tar.gz'))).toBe(sha256(place('same.tar.gz')))
  })

  it('takes snake_case flags, and replaces an archive only when told to', async () => {
    const flags = ['--input_dir', run, '--output_file', place('twice.tar.gz'), '--quiet']
    expect((await clara(['pack', ...flags])).code).toBe(0)
    const again = await clara(['pack', ...flags])
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('pass --overwrite')])
    expect((await clara(['pack', ...flags, '--overwrite'])).code).toBe(0)
  })

  it('refuses what is not fit: exit code 1, each row, the findings, and the command that shows them', async () => {
    const bad = makeRun(join(work, 'bad'), {
      files: { 'end_to_end_data.jsonl': lines([...samples(6), { question: '' }]) },
    })
    const { code, stdout, stderr } = await clara([
      'pack',
      '--input-dir',
      bad,
      '--output-file',
      place('bad.tar.gz'),
    ])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(`${bad}/end_to_end_data.jsonl:7: question is blank`)
    expect(stderr).toMatch(/^end_to_end_data\.jsonl: bad-question \(1: line 7\)/m)
    const command = /see: clara-(validate .*)$/m.exec(stderr)![1]!
    expect((await shell(`clara ${command}`)).code).toBe(1)
    expect(readdirSync(work).filter((name) => name.includes('bad.tar.gz'))).toEqual([])
    const json = await clara([
      'pack',
      '--input-dir',
      bad,
      '--output-file',
      place('bad.tar.gz'),
      '--json',
      '--quiet',
    ])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      refusals: [{ file: 'end_to_end_data.jsonl' }],
    })
  })

  it('refuses another k, of a flag or of a notebook', async () => {
    const flag = await pack('k.tar.gz', '--expected-top-k', '5', '--quiet')
    expect([flag.code, flag.stderr]).toEqual([1, expect.stringContaining('wrong-top-k')])
    writeFileSync(
      place('mine.ipynb'),
      JSON.stringify({ cells: [{ cell_type: 'code', source: ['GENERATION_TOP_K = 5'] }] }),
    )
    const notebook = await pack('k.tar.gz', '--notebook', place('mine.ipynb'))
    expect([notebook.code, notebook.stderr]).toEqual([
      1,
      expect.stringContaining('generation_top_k is 5, end_to_end_data.jsonl has 3 docs in each row'),
    ])
    expect(existsSync(place('k.tar.gz'))).toBe(false)
  })

  it('takes how many documents the generator reads', async () => {
    const less = await pack('less.tar.gz', '--generation-top-k', '2', '--json')
    expect([less.code, JSON.parse(less.stdout)]).toEqual([
      0,
      expect.objectContaining({ top_k: 3, generation_top_k: 2 }),
    ])
    const more = await pack('more.tar.gz', '--generation_top_k', '4', '--quiet')
    expect([more.code, more.stderr]).toEqual([1, expect.stringContaining('can be 3 at most')])
  })

  it.each([
    [[], 'pack needs --input-dir and --output-file, or --verify'],
    [['--input-dir', '.'], 'pack needs'],
    [['--verify', 'x', '--input-dir', '.'], 'goes without --input-dir'],
    [['--verify', 'no-such-file'], 'no-such-file: no such file'],
    [['--input-dir', 'no-such-dir', '--output-file', 'x.tar.gz'], 'no-such-dir: no such file'],
    [['--input-dir', '.', '--output-file', 'x.tar.gz', '--expected-top-k', 'five'], 'whole number'],
  ])('%j is an error', async (flags, message) => {
    const { code, stderr } = await clara(['pack', ...flags], { cwd: work })
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  it('says of an empty folder what is missing', async () => {
    mkdirSync(place('empty'))
    const { code, stderr } = await clara([
      'pack',
      '--input-dir',
      place('empty'),
      '--output-file',
      place('e.tar.gz'),
    ])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('holds no training data (pretrain_data.jsonl, '),
    ])
  })
})

describe('--verify', () => {
  it('names what is wrong, and exits with 1', async () => {
    await pack('good.tar.gz', '--quiet')
    const bytes = readFileSync(place('good.tar.gz'))
    bytes[bytes.byteLength >> 1]! ^= 1
    writeFileSync(place('spoilt.tar.gz'), bytes)
    const { code, stdout, stderr } = await clara(['pack', '--verify', place('spoilt.tar.gz')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/spoilt\.tar\.gz: /)
    expect(stdout).toMatch(/^ok +false$/m)
  })

  it('gives no hash of what it did not read', async () => {
    writeFileSync(place('text.tar.gz'), 'no archive')
    const { code, stdout } = await clara(['pack', '--verify', place('text.tar.gz'), '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ bytes: 10, sha256: null, ok: false })
  })
})

describe('a process that ends while it writes', () => {
  const big = makeRun(join(work, 'big'), { rows: 30_000 })
  const folder = place('out')
  const output = join(folder, 'big.tar.gz')

  /** Once some of it is on disk. */
  const endedBy = (signal: NodeJS.Signals) =>
    clara(['pack', '--input-dir', big, '--output-file', output], {
      onStart: async (child) => {
        for (;;) {
          const [name] = existsSync(folder) ? readdirSync(folder) : []
          if (child.exitCode !== null) return
          if (name && (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 0) break
          await sleep(5)
        }
        child.kill(signal)
      },
    })

  it('leaves no half archive, and what it leaves goes with the next run', async () => {
    expect((await endedBy('SIGKILL')).signal).toBe('SIGKILL')
    expect(existsSync(output)).toBe(false)
    expect(readdirSync(folder)).toHaveLength(1)
    expect((await clara(['pack', '--input-dir', big, '--output-file', output, '--quiet'])).code).toBe(0)
    expect(readdirSync(folder)).toEqual(['big.tar.gz'])
    expect((await clara(['pack', '--verify', output, '--quiet'])).code).toBe(0)
    rmSync(output)
  })

  it('by Ctrl-C leaves nothing', async () => {
    const { code, stderr } = await endedBy('SIGINT')
    expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')])
    expect(readdirSync(folder)).toEqual([])
  })
})
