import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { pack as tarPack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packSamples } from '#clara/samples/pack/pack.js'
import { verifyArchive } from '#clara/samples/pack/verify.js'
import { makeRun } from '../../support/run-folder.js'

const work = mkdtempSync(join(tmpdir(), 'clara-verify-'))
const path = join(work, 'data.tar.gz')
const changed = join(work, 'changed.tar.gz')
let archive: Buffer
/** Without their folder: archives of earlier versions had none, and go on being read. */
let files: { name: string; text: Buffer; type?: 'symlink' | 'directory' | 'fifo'; linkname?: string }[]

beforeAll(async () => {
  await packSamples(makeRun(join(work, 'run'), { rows: 3 }), { outputFile: path, onProblem: () => {} })
  archive = readFileSync(path)
  files = []
  for (let tar = gunzipSync(archive); tar[0] !== 0; ) {
    const name = tar.toString('utf8', 0, tar.indexOf(0)).replace(/^data\//, '')
    const size = Number.parseInt(tar.toString('latin1', 124, 135), 8)
    files.push({ name, text: Buffer.from(tar.subarray(512, 512 + size)) })
    tar = tar.subarray(512 + Math.ceil(size / 512) * 512)
  }
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

async function verify(bytes: Uint8Array) {
  writeFileSync(changed, bytes)
  return verifyArchive(changed)
}

/** As clara-pack's gzip begins. */
function zipped(tar: Uint8Array): Buffer {
  const bytes = gzipSync(tar)
  bytes[8] = 0
  bytes[9] = 3
  return bytes
}

async function tarOf(entries: typeof files): Promise<Buffer> {
  const pack = tarPack()
  for (const { name, text, ...rest } of entries) {
    if (rest.type) pack.entry({ name, mtime: new Date(0), ...rest })
    else pack.entry({ name, mtime: new Date(0), size: text.byteLength }, text)
  }
  pack.finalize()
  const parts: Buffer[] = []
  for await (const part of pack as AsyncIterable<unknown>) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** The archive with other files, all else of it put right: an attacker can count, too. */
async function forged(change: (file: (typeof files)[number]) => (typeof files)[number] | undefined) {
  return verify(zipped(await tarOf(files.flatMap((file) => change({ ...file }) ?? []))))
}

const edit = (name: string, replace: (text: string) => string) =>
  forged((file) =>
    file.name === name ? { ...file, text: Buffer.from(replace(file.text.toString())) } : file,
  )

describe('an archive', () => {
  it('that is as it was packed has no findings, and its own hash is told', async () => {
    const report = await verifyArchive(path)
    expect(report).toMatchObject({ ok: true, findings: [], top_k: 3, files: 16, bytes: archive.byteLength })
    expect(report.sha256).toBe(createHash('sha256').update(archive).digest('hex'))
  })

  it('is found out where any byte of it is another, but where that says the same in other words', async () => {
    const missed: number[] = []
    const content = gunzipSync(archive)
    for (let at = 0; at < archive.byteLength; at += at < 40 || at > archive.byteLength - 40 ? 1 : 37) {
      const copy = Buffer.from(archive)
      copy[at]! ^= 0x01
      // A copy of earlier bytes may be taken from another place where the same ones stand.
      if ((await verify(copy)).ok && !gunzipSync(copy).equals(content)) missed.push(at)
    }
    expect(missed).toEqual([])
  })

  it('is found out where it is cut, at any place, or goes on behind its end', async () => {
    for (let end = 0; end < archive.byteLength; end += end > archive.byteLength - 30 ? 1 : 97) {
      expect((await verify(archive.subarray(0, end))).ok, `cut at ${end}`).toBe(false)
    }
    for (const tail of [Buffer.from('x'), Buffer.alloc(3), Buffer.alloc(1 << 20), archive]) {
      expect((await verify(Buffer.concat([archive, tail]))).findings).toHaveLength(1)
    }
  })

  it('is taken with another compression of the same files', async () => {
    expect(await verify(zipped(gunzipSync(archive)))).toMatchObject({ ok: true })
    expect(await forged((file) => file)).toMatchObject({ ok: true })
  })
})

describe('tampering is named', () => {
  const NAME = 'end_to_end_data.jsonl'

  it('in a file’s bytes', async () => {
    const { ok, findings } = await edit(NAME, (text) => text.replace('Row 0', 'Row 9'))
    expect(ok).toBe(false)
    expect(findings[0]).toMatch(/^end_to_end_data\.jsonl: sha256 is [0-9a-f]{64}, MANIFEST\.json says/)
  })

  it('in a file’s size', async () => {
    const { findings } = await edit(NAME, (text) => text.slice(1))
    expect(findings).toEqual([
      expect.stringMatching(/^end_to_end_data\.jsonl: has \d+ bytes, MANIFEST\.json says/),
    ])
  })

  it('in a header', async () => {
    const tar = gunzipSync(archive)
    tar[140]! ^= 1
    expect((await verify(zipped(tar))).findings).toEqual(['the header of "data/MANIFEST.json" is damaged'])
  })

  it('in the manifest', async () => {
    const { findings } = await edit('MANIFEST.json', (text) => text.replace('"top_k": 3', '"top_k": 4'))
    expect(findings).toEqual(['SHA256SUMS: is not of these files'])
    for (const [from, to, reason] of [
      ['"clara-pack"', '"other"', 'is not of clara-pack'],
      ['"version": 1', '"version": 2', 'is of version 2, 1 is known'],
      ['"files": [', '"files": [1,', 'files holds an entry without'],
      ['{', '[', 'is not a JSON object'],
      ['"name": "TRAINING.md"', '"name": "../TRAINING.md"', 'files holds "../TRAINING.md"'],
      ['"bytes": ', '"bytes": -', 'files holds an entry without'],
    ]) {
      const report = await edit('MANIFEST.json', (text) => text.replace(from!, to!))
      expect(report.findings).toEqual([expect.stringContaining(`MANIFEST.json ${reason}`)])
    }
  })

  it('in the sums', async () => {
    expect((await edit('SHA256SUMS', (text) => text.replace(/^./, '0'))).ok).toBe(false)
    expect((await edit('SHA256SUMS', () => '')).findings).toEqual(['SHA256SUMS: is not of these files'])
  })

  it('in the number of rows, where the manifest was forged with the rest', async () => {
    const manifest = files.find(({ name }) => name === 'MANIFEST.json')!
    const text = Buffer.from(manifest.text.toString().replaceAll('"rows": 3', '"rows": 4'))
    const sha256 = createHash('sha256').update(text).digest('hex')
    const { findings } = await forged((file) => {
      if (file.name === 'MANIFEST.json') return { ...file, text }
      if (file.name !== 'SHA256SUMS') return file
      const sums = file.text.toString().replace(/^\S+(?= {2}MANIFEST\.json)/m, sha256)
      return { ...file, text: Buffer.from(sums) }
    })
    expect(findings).toHaveLength(5)
    expect(findings[0]).toBe('end_to_end_data.jsonl: has 3 rows, MANIFEST.json says 4')
  })

  it('by files that are missing, more, twice, or in another place', async () => {
    const without = await forged((file) => (file.name === NAME ? undefined : file))
    expect(without.findings).toContain(`${NAME}: is missing`)
    const more = { name: 'zz.sh', text: Buffer.from('rm -rf /') }
    expect((await verify(zipped(await tarOf([...files, more])))).findings).toEqual([
      'zz.sh: is not in MANIFEST.json',
    ])
    expect((await verify(zipped(await tarOf([...files, files[3]!])))).findings[0]).toMatch(/is there twice/)
    expect((await verify(zipped(await tarOf(files.toReversed())))).findings[0]).toMatch(
      /MANIFEST.json was expected/,
    )
  })
})

const inFolder = (folder: string) => files.map((file) => ({ ...file, name: `${folder}/${file.name}` }))

describe('the folder of an archive', () => {
  it('is one, whatever it is called, or none', async () => {
    for (const entries of [files, inFolder('data'), inFolder('another-name')]) {
      expect(await verify(zipped(await tarOf(entries)))).toMatchObject({ ok: true, findings: [], files: 16 })
    }
  })

  it('is the same for all files', async () => {
    const [first, ...rest] = inFolder('data')
    for (const last of ['other/x', 'SHA256SUMS']) {
      const text = Buffer.from('x')
      const { findings } = await verify(zipped(await tarOf([first!, ...rest, { name: last, text }])))
      expect(findings).toEqual([`"${last}": is in another folder than the files before it`])
    }
  })

  it.each(['..', '.', '', '/data', '.git', 'a/b', 'data/..', 'C:', 'data\\x', '-rf', 'é', 'a '])(
    'may not be %j',
    async (folder) => {
      const { findings } = await verify(zipped(await tarOf(inFolder(folder))))
      expect(findings).toEqual([expect.stringMatching(/leads out of the folder, or hides|is no plain file/)])
    },
  )
})

describe('a hostile archive', () => {
  it.each(['../evil', '/etc/passwd', 'a/../../evil', '..', '.hidden', 'C:\\evil', 'con\u0007', '-rf', 'a/b'])(
    'with the name %j is refused',
    async (name) => {
      const { findings } = await verify(zipped(await tarOf([...files, { name, text: Buffer.from('x') }])))
      expect(findings).toHaveLength(1)
      expect(findings[0]).toMatch(/leads out of the folder|is no plain file|is not in|in another folder/)
      expect(findings[0]).not.toContain('\u0007')
    },
  )

  it('with anything else than plain files is refused', async () => {
    for (const type of ['symlink', 'directory', 'fifo'] as const) {
      const entry = {
        name: 'link',
        text: Buffer.alloc(0),
        type,
        ...(type === 'symlink' && { linkname: '/etc' }),
      }
      expect((await verify(zipped(await tarOf([...files, entry])))).findings[0]).toMatch(/no plain file/)
    }
    // A long name comes in a header of its own, of any length.
    const long = { name: 'x'.repeat(300), text: Buffer.from('x') }
    expect((await verify(zipped(await tarOf([...files, long])))).findings[0]).toMatch(/no plain file/)
  })

  it('that unpacks to very much is not held in memory', async () => {
    const tar = await tarOf([{ name: 'MANIFEST.json', text: Buffer.alloc(200 << 20, 0x20) }])
    const bomb = zipped(tar)
    const before = process.memoryUsage().arrayBuffers
    expect((await verify(bomb)).findings).toEqual([
      expect.stringContaining('MANIFEST.json: has 209715200 bytes'),
    ])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
  })

  it('that is something else is said to be', async () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('no archive'),
      gzipSync('no tar'),
      Buffer.alloc(5000),
    ]) {
      expect(await verify(bytes)).toMatchObject({ ok: false, files: 0 })
    }
    await expect(verifyArchive(join(work, 'nowhere'))).rejects.toMatchObject({ code: 'input' })
    await expect(verifyArchive(work)).rejects.toMatchObject({ code: 'input' })
  })
})
