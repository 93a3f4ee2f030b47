/** Where tokenizer.json and tokenizer_config.json disagree: ids of transformers, by fixtures/tokenizers/bert_settings.py. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '#clara/inference/tokenizer.js'

interface Golden {
  texts: string[]
  tokenizer: Record<string, unknown>
  cases: { normalizer: object; config: object; ids: number[][] }[]
}
const path = new URL('../fixtures/tokenizers/bert-settings.json', import.meta.url)
const { texts, tokenizer, cases }: Golden = JSON.parse(await readFile(path, 'utf8'))
const normalizer = {
  type: 'BertNormalizer',
  clean_text: true,
  strip_accents: null,
  handle_chinese_chars: true,
}
const idsOf = (json: object, config: object, lowercase?: boolean) => {
  const { encode } = createTokenizer(json, config, lowercase)
  return texts.map((text) => [...encode([text], 100).ids])
}

test.each(
  cases.map(
    ({ normalizer, config, ids }) =>
      [JSON.stringify({ normalizer, ...config }), normalizer, config, ids] as const,
  ),
)('%s', (_, stated, config, ids) => {
  expect(idsOf({ ...tokenizer, normalizer: { ...normalizer, ...stated } }, config)).toEqual(ids)
})

describe('a card that says so', () => {
  const cased = { ...tokenizer, normalizer: { ...normalizer, lowercase: false } }
  const config = { tokenizer_class: 'BertTokenizer', do_lower_case: false }
  const [lower] = idsOf({ ...tokenizer, normalizer: { ...normalizer, lowercase: true } }, {})

  test('has texts lower-cased, whatever the files say', () => {
    expect(idsOf(cased, config)[0]).not.toEqual(lower)
    expect(idsOf(cased, config, true)[0]).toEqual(lower)
    expect(idsOf(cased, { tokenizer_class: 'PreTrainedTokenizerFast' }, true)[0]).toEqual(lower)
    expect(idsOf({ ...tokenizer, normalizer: null }, {}, true)[0]).toEqual(lower)
  })

  test('or not', () => {
    const upper = { ...tokenizer, normalizer: { ...normalizer, lowercase: true } }
    expect(idsOf(upper, {}, false)[0]).toEqual(idsOf(cased, config)[0])
  })
})

test('without a class only what is stated counts', () => {
  const cased = { ...tokenizer, normalizer: { ...normalizer, lowercase: false } }
  expect(idsOf(cased, {})).toEqual(idsOf(cased, { tokenizer_class: 'PreTrainedTokenizerFast' }))
  expect(idsOf(cased, { do_lower_case: true })).not.toEqual(idsOf(cased, {}))
})
