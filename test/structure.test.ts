import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** One way: each imports from itself and from those before it; what all stages use comes first. */
const ORDER = [
  'errors.ts',
  'arguments.ts',
  'runtime',
  'files',
  'models',
  'text',
  'endpoint',
  'documents',
  'extraction',
  'chunks',
  'inference',
  'index',
  'questions',
  'negatives',
  'samples',
  'benchmarks',
  'cli',
]

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split(sep).join('/'))
  .sort()

const folderOf = (file: string) => file.split('/')[0]!

/** Files of src/ that a file imports, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  const found = text.matchAll(/(?:\bfrom|\bimport|\bimport\(|new URL\()\s*'(\.{1,2}\/[^']+)'/g)
  return Array.from(found, ([, specifier]) =>
    relative(src, join(src, dirname(file), specifier!))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts'),
  ).filter((imported) => !imported.startsWith('..'))
}

function mayImport(from: string, to: string): boolean {
  if (from === 'index.ts') return to !== 'cli'
  return ORDER.includes(to) && ORDER.indexOf(to) <= ORDER.indexOf(from)
}

test('every folder of src/ has its place in the order', () => {
  expect([...new Set(files.map(folderOf))].sort()).toEqual([...ORDER, 'index.ts'].sort())
})

test('the imports of all files are seen', () => {
  const all = files.flatMap(importsOf)
  expect(all.length).toBeGreaterThan(150)
  for (const imported of all) expect([...files, '../package.json']).toContain(imported)
})

const root = fileURLToPath(new URL('../', import.meta.url))
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm

/** Of each file that may import: its words. */
function words(): Map<string, Set<string>> {
  const places = ['src', 'test', 'bench', 'scripts', 'example']
  const code = places.flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs)$/.test(name) && !/\bnode_modules\b|\.peers/.test(name))
      .map((name) => join(root, place, name)),
  )
  return new Map(code.map((path) => [path, new Set(readFileSync(path, 'utf8').match(/\w+/g))]))
}

test('ONNX Runtime is loaded by one module, which sets the environment first', () => {
  const loads = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"]onnxruntime-node['"]/
  const places = ['src', 'bench', 'scripts', 'example', 'native']
  const loading = places.flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|[cm]?js)$/.test(name) && !/\bnode_modules\b|\.peers/.test(name))
      .map((name) => join(place, name))
      .filter((path) => loads.test(readFileSync(join(root, path), 'utf8'))),
  )
  expect(loading).toEqual([join('src', 'runtime', 'onnxruntime.ts')])
  // Imports are evaluated in their order.
  for (const path of ['runtime/onnxruntime.ts', 'index.ts', 'cli/run-cli.ts', 'files/worker-thread.ts']) {
    const [first] = readFileSync(join(src, path), 'utf8').match(/^(import|export)\b.*$/m)!
    expect(first, path).toMatch(/^import '\.{1,2}\/(runtime\/)?telemetry\.js'$/)
  }
})

test('what is exported is named in another file', () => {
  const known = [...words()]
  const lonely = files.flatMap((file) => {
    const path = join(src, file)
    const names = Array.from(readFileSync(path, 'utf8').matchAll(EXPORT), ([, name]) => name!)
    const isNamed = (name: string) => known.some(([other, words]) => other !== path && words.has(name))
    return names.filter((name) => !isNamed(name)).map((name) => `${file}: ${name}`)
  })
  expect(lonely).toEqual([])
})

/** A process of ours that talks to its parent alone. */
const CHILD = 'benchmarks/index-trial.ts'

test('what is printed goes through one file, which makes it fit for a terminal', () => {
  const prints =
    /\bstd(?:out|err)\.(?:write|end)\b|\} = process$|\bconsole\.\w+\(|\bemitWarning\b|write(?:Sync)?\([12],|stdio: (?:'inherit'|\[.*\b[12]\b)/m
  const printing = files.filter((file) => prints.test(readFileSync(join(src, file), 'utf8')))
  expect(printing).toEqual([CHILD, 'cli/terminal.ts'])
})

describe.each(files)('%s', (file) => {
  test('imports only from stages before its own', () => {
    const from = folderOf(file)
    const against = importsOf(file).filter((imported) => !mayImport(from, folderOf(imported)))
    expect(against).toEqual([])
  })
})

test.each([
  ['documents', 'chunks', false],
  ['chunks', 'documents', true],
  ['samples', 'cli', false],
  ['index.ts', 'cli', false],
  ['cli', 'samples', true],
  ['models', 'inference', false],
  ['files', 'models', false],
  ['errors.ts', 'files', false],
  ['inference', 'models', true],
])('the rule itself: %s importing %s is %s', (from, to, allowed) => {
  expect(mayImport(from, to)).toBe(allowed)
})
