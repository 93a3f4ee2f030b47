/** What only the native engine promises. Its results are in engines.test.ts, beside the other's. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type NativeAddon, nativeAddon } from '#clara/index/graph/native-addon.js'
import { openGraph } from '#clara/index/graph.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { bruteForce, randomVectors, type TestGraph, writeGraph } from '../support/graphs.js'

const directory = useDirectory()
const DIMS = 40
const native = fileURLToPath(new URL('../../native/', import.meta.url))
const found = nativeAddon()
if ('missing' in found) console.warn(`skipped: the native engine is not here: ${found.missing}`)

async function open({ files, shape }: TestGraph) {
  const graph = await openGraph(files, shape, { threads: 2 })
  onTestFinished(() => graph.close())
  return graph
}

/** Of the ten nearest of 100 queries. */
async function recall(made: TestGraph, expansion = 128): Promise<number> {
  const queries = randomVectors(77, 100, DIMS)
  const { ids } = await (await open(made)).search({ queries, k: 10, expansion })
  let same = 0
  for (let q = 0; q < 100; q++) {
    const expected = bruteForce(made, queries.subarray(q * DIMS, (q + 1) * DIMS), 10).ids
    same += expected.filter((id) => ids.subarray(q * 10, q * 10 + 10).includes(id)).length
  }
  return same / 1000
}

describe.runIf(existsSync(join(native, 'prebuilds')))('the shipped binary', () => {
  test.each(readdirSync(join(native, 'prebuilds')))('%s is of the sources beside it', (platform) => {
    const hash = createHash('sha256')
    for (const name of readdirSync(join(native, 'src')).sort())
      hash.update(readFileSync(join(native, 'src', name)))
    const built = readFileSync(join(native, 'prebuilds', platform, 'sources.sha256'), 'utf8')
    expect(built.trim(), 'npm run build:native -- --prebuilt').toBe(hash.digest('hex'))
  })

  test('can be loaded on Linux of x64', () => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
    const [major = 0, minor = 0] = report.header?.glibcVersionRuntime?.split('.').map(Number) ?? []
    if (major * 100 + minor < 233) return console.warn('skipped: musl, or glibc before 2.33')
    expect(found).not.toHaveProperty('missing')
  })
})

describe.runIf('addon' in found)('native', () => {
  beforeEach(() => {
    process.env.CLARA_INDEX_ENGINE = 'native'
  })
  afterEach(() => {
    delete process.env.CLARA_INDEX_ENGINE
  })

  test.each(['bf16', 'f32', 'f16', 'i8'] as const)(
    'a graph of %s has the same bytes at 1, 2, 3 and 7 threads',
    async (precision) => {
      const vectors = randomVectors(1, 9000, DIMS)
      const hashes = new Set<string>()
      for (const threads of [1, 2, 3, 7]) {
        const shape = { dims: DIMS, metric: 'cos', precision } as const
        const made = await writeGraph(directory.path, vectors, shape, { threads, name: `${threads}` })
        hashes.add(made.files.graph.sha256)
      }
      expect(hashes.size).toBe(1)
    },
  )

  test.each(['bf16', 'f32', 'f16', 'i8'] as const)(
    'each engine opens what the other built: %s',
    async (precision) => {
      const shape = { dims: DIMS, metric: 'cos', precision } as const
      const vectors = randomVectors(2, 4000, DIMS)
      const ours = await writeGraph(directory.path, vectors, shape, { name: 'ours' })
      process.env.CLARA_INDEX_ENGINE = 'npm'
      expect(await recall(ours)).toBeGreaterThan(0.9)
      const theirs = await writeGraph(directory.path, vectors, shape, { name: 'theirs' })
      process.env.CLARA_INDEX_ENGINE = 'native'
      expect(await recall(theirs)).toBeGreaterThan(0.9)
    },
  )

  test('8 bits lose nothing that whole vectors cannot put right', async () => {
    const vectors = randomVectors(3, 6000, DIMS)
    const of = async (precision: 'i8' | 'f32') =>
      recall(
        await writeGraph(
          directory.path,
          vectors,
          { dims: DIMS, metric: 'cos', precision },
          { name: precision },
        ),
      )
    const [i8, f32] = [await of('i8'), await of('f32')]
    expect(f32).toBeGreaterThan(0.97)
    expect(i8).toBeGreaterThan(f32 - 0.01)
  })

  test('a block is checked when a query comes to it, not before, and not after', async () => {
    const shape = { dims: DIMS, metric: 'cos', precision: 'f32' } as const
    const made = await writeGraph(directory.path, randomVectors(4, 20_000, DIMS), shape)
    const { path } = made.files.graph
    const data = await readFile(path)
    data[1_600_000]! ^= 1 // a row in the middle
    await writeFile(path, data)
    const graph = await open(made)
    const search = (count: number) =>
      graph.search({ queries: randomVectors(5, count, DIMS), k: 5, expansion: 20 })
    await expect(search(3000)).rejects.toMatchObject(claraError('index', path))
    await expect(search(1)).rejects.toMatchObject(claraError('index', path)) // once damaged, never trusted again
    data[1_600_000]! ^= 1
    await writeFile(path, data)
    const mended = await open(made)
    const all = { queries: randomVectors(5, 3000, DIMS), k: 5, expansion: 20 }
    const before = await mended.search(all)
    expect(await mended.search(all)).toEqual(before) // moved into huge pages meanwhile
  })

  test('a file that is cut off while it is open is an error', async () => {
    const shape = { dims: DIMS, metric: 'cos', precision: 'f32' } as const
    const made = await writeGraph(directory.path, randomVectors(4, 20_000, DIMS), shape)
    const graph = await open(made)
    await writeFile(made.files.graph.path, '')
    const all = { queries: randomVectors(5, 100, DIMS), k: 5, expansion: 64 }
    await expect(graph.search(all)).rejects.toMatchObject(claraError('index', made.files.graph.path))
  })

  test('a thread that cannot be started is an error, and the process ends', async () => {
    const shim = join(directory.path, 'no-more-threads.so')
    const source = fileURLToPath(new URL('../fixtures/no-more-threads.c', import.meta.url))
    const { status } = spawnSync('cc', ['-shared', '-fPIC', '-o', shim, source, '-ldl'])
    if (status !== 0 || process.platform !== 'linux')
      return console.warn('skipped: no C compiler, or no Linux')
    const script = `
      import { createGraph } from '#clara/index/graph.js'
      const builder = await createGraph({ dims: 4, metric: 'cos', precision: 'f32' }, { threads: 2 })
      process.env.NO_MORE_THREADS = '1'
      const said = (error) => console.log(error.name, error.code, error.message)
      await builder.add(Float32Array.of(1, 0, 0, 0)).catch(said)
      delete process.env.NO_MORE_THREADS
      await builder.add(Float32Array.of(1, 0, 0, 0)).then(() => console.log('added'))`
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      ...{ encoding: 'utf8', cwd: join(native, '..'), timeout: 60_000 },
      env: { ...process.env, CLARA_INDEX_ENGINE: 'native', LD_PRELOAD: shim },
    })
    expect(done).toMatchObject({ status: 0, signal: null, stderr: '' })
    expect(done.stdout).toMatch(/^ClaraError io the system starts no more threads .*ulimit -u.*\nadded\n$/)
  })

  test('a handle that is not one, or of the other kind, is refused', async () => {
    if ('missing' in found) return
    const addon = found.addon as NativeAddon & { [name: string]: (...args: unknown[]) => unknown }
    const builder = addon.createBuilder(4, 'f32', 'cos', 1, 0)
    const one = new Float32Array(4)
    const strangers = [
      undefined,
      null,
      1,
      'x',
      {},
      [],
      () => {},
      Symbol('x'),
      new Proxy({}, {}),
      process,
      one,
    ]
    for (const stranger of [...strangers, Object.create(builder)]) {
      expect(() => addon.closeBuilder(stranger as never)).toThrow(new TypeError('expected a handle'))
      expect(() => addon.closeGraph(stranger as never)).toThrow(new TypeError('expected a handle'))
      expect(() => addon.builderAdd(stranger as never, one, 1, 4)).toThrow(new TypeError('expected a handle'))
    }
    expect(() => addon.closeGraph(builder)).toThrow(new TypeError('expected a handle'))
    expect(() => addon.builderAdd(builder, one, 1, 2)).toThrow(new TypeError('expected whole vectors'))
    expect(() => addon.builderAdd(builder, one, 2 ** 53 - 1, 4)).toThrow(TypeError)
    addon.closeBuilder(builder)
    addon.closeBuilder(builder)
    expect(() => addon.builderAdd(builder, one, 1, 4)).toThrow(new TypeError('it is closed'))
  })

  test.each([0, 1.5, -1, Number.NaN])('%s nearest rows are refused', async (k) => {
    const shape = { dims: DIMS, metric: 'cos', precision: 'f32' } as const
    const graph = await open(await writeGraph(directory.path, randomVectors(4, 100, DIMS), shape))
    const queries = randomVectors(5, 3, DIMS)
    await expect(graph.search({ queries, k, expansion: 20 })).rejects.toThrow(
      /expected|Invalid typed array length/,
    )
  })

  test('a process that ends while threads are at work ends as it was told to', () => {
    const script = `
      import { createGraph } from '#clara/index/graph.js'
      const vectors = Float32Array.from({ length: 8192 * 64 }, (_, i) => Math.sin(i * i))
      for (const precision of ['i8', 'bf16', 'f32']) {
        const builder = await createGraph({ dims: 64, metric: 'cos', precision }, { threads: 2 })
        builder.add(vectors).then(() => console.log('added'))
      }
      setTimeout(() => process.exit(7), 30)`
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script],
      { encoding: 'utf8', cwd: join(native, '..'), env: { ...process.env, CLARA_INDEX_ENGINE: 'native' } },
    )
    expect({ status, signal, stdout, stderr }).toEqual({ status: 7, signal: null, stdout: '', stderr: '' })
  })
})
