import { describe, expect, test } from 'vitest'
import { POOLINGS } from '#clara/models/card.js'
import { CATALOGUE, entryFiles, findEntry, nearNames } from '#clara/models/catalogue.js'
import { EMBEDDED_NAMES } from '#clara/models/resolve.js'

const names = CATALOGUE.map(({ name }) => name)

test('holds the models that the guide promises', () => {
  const promised = [
    'all-minilm-l6-v2-fp32',
    'bge-small-en-v1.5',
    'bge-base-en-v1.5',
    'bge-small-zh-v1.5',
    'bge-m3',
    'multilingual-e5-small',
    'multilingual-e5-base',
    'gte-multilingual-base',
    'nomic-embed-text-v1.5',
    'qwen3-embedding-0.6b',
    'ms-marco-minilm-l6-v2',
    'bge-reranker-base',
    'bge-reranker-v2-m3',
    'gte-multilingual-reranker-base',
  ]
  expect(names).toEqual(expect.arrayContaining(promised))
})

test('no name comes twice, nor is one of an embedded model', () => {
  expect(new Set([...names, ...EMBEDDED_NAMES]).size).toBe(names.length + EMBEDDED_NAMES.length)
})

describe.each(CATALOGUE)('$name', (entry) => {
  test('names a folder, a repository, a full commit', () => {
    expect(entry.name).toMatch(/^[a-z0-9][a-z0-9.-]+$/)
    expect(entry.repository).toMatch(/^[\w-]+\/[\w.-]+$/)
    expect(entry.revision ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/)
  })

  test('states sizes and hashes in full or not at all', () => {
    const files = entryFiles(entry)
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length)
    for (const { path, bytes, sha256 } of files) {
      expect(path).toMatch(/^(onnx\/)?[\w.]+$/)
      if (bytes !== undefined) expect(bytes).toBeGreaterThan(0)
      if (sha256 !== undefined) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test('says where its facts come from', () => expect(entry.sources.join()).not.toBe(''))

  test('keeps weights beside their graph', () => {
    const folder = (path: string) => path.slice(0, path.lastIndexOf('/') + 1)
    for (const { path } of entry.externalData ?? []) expect(folder(path)).toBe(folder(entry.model.path))
  })

  test('can be used as its kind is', () => {
    expect(entry.maxTokens).toBeGreaterThanOrEqual(256)
    expect(entry.licence).toMatch(/^(MIT|Apache-2\.0)$/)
    if (entry.kind === 'reranker') expect(entry.labels).toBe(1)
    else expect(POOLINGS).toContain(entry.pooling)
  })
})

/** Exact: a blank too few, and the vectors are others. */
test.each([
  ['bge-small-en-v1.5', 'Represent this sentence for searching relevant passages: ', ''],
  ['bge-small-zh-v1.5', '', ''],
  ['bge-m3', '', ''],
  ['multilingual-e5-base', 'query: ', 'passage: '],
  ['nomic-embed-text-v1.5', 'search_query: ', 'search_document: '],
  [
    'qwen3-embedding-0.6b',
    'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
    '',
  ],
])('the prefixes of %s', (name, queryPrefix, documentPrefix) => {
  expect(findEntry(name)).toMatchObject({ queryPrefix, documentPrefix })
})

test.each([
  ['bge-small-en', 'bge-small-en-v1.5'],
  ['BAAI/bge-m3', 'bge-m3'],
  ['multilingual-e5-smal', 'multilingual-e5-small'],
  ['ms-marco-minilm-l-6-v2', 'ms-marco-minilm-l6-v2'],
])('%s is near %s', (wanted, expected) => {
  expect(nearNames(wanted, names)[0]).toBe(expected)
})

test('nothing is near to nothing', () => expect(nearNames('word2vec', names)).toEqual([]))
