/** Folders in Hugging Face layout: whole ones as their references say, damaged ones refused. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolveEmbedder, resolveModel } from '#clara/models/resolve.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { copyTiny, TINY, type TinyCopy } from '../support/tiny-model.js'

const directory = useDirectory()
const folder = (name: string) => join(directory.path, name)

const embedders = readdirSync(TINY).filter((name) => /^(?!cross-)[^_.]+$/.test(name))
const POOLINGS: Record<string, string> = { mean: 'mean', cls: 'cls', lasttoken: 'last-token' }

test.each(embedders)('%s is read as its reference says', async (name) => {
  const reference = JSON.parse(readFileSync(join(TINY, name, 'reference.json'), 'utf8'))
  const { card } = await resolveEmbedder(join(TINY, name))
  expect(card).toMatchObject({
    name,
    maxTokens: reference.max_tokens,
    dims: reference.cases[0].vector.length,
    pooling: name === 'bert-pooled' ? 'none' : POOLINGS[reference.pooling],
    normalised: reference.normalize,
    queryPrefix: reference.prompts.query,
    documentPrefix: reference.prompts.document,
  })
})

const CONFIG = 'config.json'
const MODULES = 'modules.json'
const POOLING = '1_Pooling/config.json'
const SENTENCE = 'sentence_bert_config.json'
const TOKENIZER = 'tokenizer_config.json'
const GRAPH = 'onnx/model.onnx'

const module = (type: string, path = '') => ({ type: `sentence_transformers.models.${type}`, path })
const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 134668\n'
const pooling = (change: object) => (copy: TinyCopy) =>
  copy.editJson(POOLING, (old) => ({ ...old, ...change }))
const longest = (value: unknown) => (copy: TinyCopy) => copy.json(SENTENCE, { max_seq_length: value })
const without = () => {}

type Damage = [
  what: string,
  change: ((copy: TinyCopy) => unknown) | string,
  parts: string[],
  ...left: string[],
]
const damages: Damage[] = [
  ['no config.json', without, ['has no config.json'], CONFIG],
  ['no tokenizer.json', without, ['has no tokenizer.json'], 'tokenizer.json'],
  ['no tokenizer_config.json', without, ['has no tokenizer_config.json'], TOKENIZER],
  ['no graph', without, ['has no onnx/model.onnx or model.onnx'], 'onnx'],
  ['an empty tokenizer.json', (copy) => copy.write('tokenizer.json', ''), ['tokenizer.json: is empty']],
  ['an empty graph', (copy) => copy.write(GRAPH, ''), [GRAPH, 'no ONNX file']],
  [
    'a Git-LFS pointer for a graph',
    (copy) => copy.write(GRAPH, lfs),
    [GRAPH, 'Git-LFS pointer', 'git lfs pull'],
  ],
  ...[CONFIG, TOKENIZER, POOLING, SENTENCE, 'config_sentence_transformers.json', 'card.json'].flatMap(
    (name) => [
      ...['[]', 'null', '"x"', '7'].map(
        (json): Damage => [
          `${name} that is ${json}`,
          (copy) => copy.write(name, json),
          [name, 'not a JSON object'],
        ],
      ),
      [`${name} cut short`, (copy: TinyCopy) => copy.write(name, '{"a"'), [name, 'JSON']] as Damage,
    ],
  ),
  [
    'a config.json of 20 MB',
    (copy) => copy.write(CONFIG, `{"a":"${'x'.repeat(20e6)}"}`),
    [CONFIG, 'too many for a configuration'],
  ],
  ...['{}', 'null', '"x"'].map(
    (json): Damage => [
      `modules.json that is ${json}`,
      (copy) => copy.write(MODULES, json),
      [MODULES, 'a list of modules'],
    ],
  ),
  ...[[null], ['Pooling'], [{}], [{ type: 3 }], [{ type: 'a.Pooling', path: 7 }]].map(
    (list): Damage => [
      `modules.json with ${JSON.stringify(list)}`,
      (copy) => copy.json(MODULES, list),
      [MODULES, 'each module to have a type and a path'],
    ],
  ),
  [
    'a Dense module',
    (copy) =>
      copy.json(MODULES, [module('Transformer'), module('Pooling', '1_Pooling'), module('Dense', '2_Dense')]),
    [MODULES, 'module Dense is not supported', 'sentence_embedding'],
  ],
  ...['../1_Pooling', '1_Pooling/../../x', '..\\x', '/etc'].map(
    (path): Damage => [
      `a module in ${path}`,
      (copy) => copy.json(MODULES, [module('Transformer'), module('Pooling', path)]),
      [MODULES, 'outside of the folder', path],
    ],
  ),
  [
    'two ways of pooling',
    pooling({ pooling_mode_cls_token: true }),
    [POOLING, 'mean + cls', 'expected one of mean, cls, lasttoken'],
  ],
  [
    'two ways of pooling, in the new files',
    pooling({ pooling_mode: ['mean', 'cls'] }),
    [POOLING, 'mean + cls'],
  ],
  [
    'the largest of its token vectors',
    pooling({ pooling_mode: 'max' }),
    [POOLING, 'pooling max, expected one of'],
  ],
  [
    'a pooling that nobody knows',
    pooling({ pooling_mode: 'constructor' }),
    [POOLING, 'pooling constructor, expected'],
  ],
  ['no way of pooling', pooling({ pooling_mode_mean_tokens: false }), [POOLING, 'pooling missing']],
  [
    'a pooling without the prompt',
    pooling({ include_prompt: false }),
    [POOLING, "without the prompt's tokens"],
  ],
  ['no word on pooling', without, ['add card.json with "pooling"'], MODULES, '1_Pooling'],
  ['no pooling file', without, ['add card.json with "pooling"'], '1_Pooling'],
  ...[0, -1, 1.5, 1e12, '512', [], true].map(
    (value): Damage => [
      `max_seq_length ${JSON.stringify(value)}`,
      longest(value),
      [SENTENCE, `"max_seq_length" is ${JSON.stringify(value)}`],
    ],
  ),
  [
    'a hidden_size and an output that say nothing of the size',
    (copy) => copy.editJson(CONFIG, (old) => ({ ...old, hidden_size: 'x' })).edit(GRAPH, unsized),
    ['"dims"'],
  ],
]

/** The last dimension of the one output, 32, becomes a name of the same length. */
function unsized(bytes: Buffer): Buffer {
  const at = bytes.lastIndexOf(Buffer.from([0x0a, 0x02, 0x08, 0x20]))
  expect(at).toBeGreaterThan(0)
  bytes.set([0x0a, 0x02, 0x18, 0x20], at) // a field that nobody knows
  return bytes
}

test.each(damages)('bert-mean with %s is refused', async (_, change, parts, ...left) => {
  const copy = copyTiny('bert-mean', folder('tiny'), ...left)
  if (typeof change === 'function') change(copy)
  await expect(resolveModel(copy.path)).rejects.toMatchObject(claraError('model', copy.path, ...parts))
})

describe('a card.json without "files" adds to what the folder says', () => {
  test('pooling where nothing states it, and prompts stay', async () => {
    const copy = copyTiny('nomic', folder('tiny'), MODULES, '1_Pooling')
    copy.json('card.json', { pooling: 'cls', normalised: true, languages: ['en'] })
    const { card } = await resolveEmbedder(copy.path)
    expect(card).toMatchObject({ pooling: 'cls', normalised: true, languages: ['en'], maxTokens: 40 })
    expect(card).toMatchObject({ queryPrefix: 'search_query: ', documentPrefix: 'search_document: ' })
  })

  test.each([
    [{ pooling: 'max' }, '"pooling" is "max", expected one of'],
    [{ dims: '32' }, '"dims"'],
    [{ maxTokens: 0 }, '"maxTokens"'],
    [{ model: '../onnx/model.onnx' }, 'model.onnx'],
    [{ kind: 'both' }, '"kind" is "both"'],
  ])('%j is refused', async (overlay, message) => {
    const copy = copyTiny('bert-mean', folder('tiny')).json('card.json', overlay)
    await expect(resolveModel(copy.path)).rejects.toMatchObject(claraError('model', message))
  })
})

test('pooling is read where modules.json is missing', async () => {
  const copy = copyTiny('bert-cls', folder('tiny'), MODULES)
  expect((await resolveEmbedder(copy.path)).card).toMatchObject({ pooling: 'cls', normalised: false })
})

test.each([
  [
    'a Dense module',
    (copy: TinyCopy) => copy.json(MODULES, [module('Transformer'), module('Dense', '2_Dense')]),
  ],
  ['a pooling of its own', pooling({ pooling_mode: 'max' })],
])('a graph that gives one vector a text may have %s', async (_, change) => {
  const copy = copyTiny('bert-pooled', folder('tiny'))
  change(copy)
  expect((await resolveEmbedder(copy.path)).card).toMatchObject({ pooling: 'none', dims: 32 })
})

test.each(['onnx/model.onnx', 'onnx/model_fp16.onnx', 'onnx/model_quantized.onnx'])(
  '%s is taken where it is named',
  async (graph) => {
    const { model, card } = await resolveModel(join(TINY, 'bert-mean', graph))
    expect(model.path).toBe(join(TINY, 'bert-mean', graph))
    expect(card).toMatchObject({ model: graph, name: 'bert-mean' })
  },
)

test.each([
  [{ id2label: { 0: 'a', 1: 'b', 2: 'c' } }, '"labels" is 3, expected 1 or 2'],
  [{ id2label: undefined, num_labels: 'x' }, '"labels" is "x", expected 1 or 2'],
  [{ id2label: {} }, '"labels" is 0'],
])('a classifier with %j is refused', async (change, message) => {
  const copy = copyTiny('cross-bert', folder('tiny')).editJson(CONFIG, (old) => ({ ...old, ...change }))
  await expect(resolveModel(copy.path)).rejects.toMatchObject(claraError('model', copy.path, message))
})

test('a name of dots is a folder, not one of the pulled models', async () => {
  for (const name of ['.', '..']) {
    const error = await resolveModel(name).catch((reason) => reason)
    expect(error).toMatchObject(claraError('model', `${name}: has no config.json`))
  }
})
