import { describe, expect, it } from 'vitest'
import { createRedactor } from '#clara/endpoint/redact.js'

const KEY = 'sk-Canary_7f3e/2b+9a"5d\\1c&=x'
const html = (text: string) => Array.from(text, (c) => `&#x${c.charCodeAt(0).toString(16)};`).join('')
const unicode = (text: string) =>
  Array.from(text, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const percent = (text: string) =>
  Array.from(text, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`).join('')

const SPELLINGS: [string, string][] = [
  ['plain', KEY],
  ['as JSON', JSON.stringify(KEY)],
  ['as JSON in JSON', JSON.stringify(JSON.stringify({ key: KEY }))],
  ['as JSON in JSON in JSON', JSON.stringify(JSON.stringify(JSON.stringify(KEY)))],
  ['as PHP’s JSON', JSON.stringify(KEY).replaceAll('/', '\\/')],
  ['as \\u escapes', unicode(KEY)],
  ['as a URL', encodeURIComponent(KEY)],
  ['as a URL in a URL', encodeURIComponent(encodeURIComponent(KEY))],
  ['as lower-case percent codes', percent(KEY).toLowerCase()],
  ['as HTML', KEY.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
  ['as HTML codes', html(KEY)],
]

describe('the key', () => {
  it.each(SPELLINGS)('is blanked out %s', (_, spelt) => {
    const { whole, pieces } = createRedactor(KEY)
    for (const text of [spelt, `Bearer ${spelt}`, `a${spelt}b${spelt}c`, `${'ä'.repeat(9999)}${spelt}`]) {
      expect(whole(text)).not.toContain(spelt.slice(1, -1))
      expect(pieces(text)).not.toContain(spelt.slice(1, -1))
      expect(whole(text)).toContain('***')
    }
  })

  it('is blanked out of messages in pieces, wherever they were cut', () => {
    const { pieces } = createRedactor(KEY)
    for (let from = 0; from < KEY.length; from++) {
      for (let to = from + 8; to <= KEY.length; to++) {
        expect(pieces(`so: ${KEY.slice(from, to)}`)).toBe('so: ***')
      }
    }
  })

  it('leaves data alone that shares words with it', () => {
    const { whole, pieces } = createRedactor('password-for-the-lab')
    expect(whole('the password-for-the-library')).toBe('the password-for-the-library')
    expect(pieces('the password of the day')).toBe('the *** of the day')
  })

  it('is not looked for where it is a word like "ollama"', () => {
    expect(createRedactor('ollama').pieces('ollama is up')).toBe('ollama is up')
  })

  it.each(['\\', '%25', '&#x73;', 'sk-Canary', '\\u00'])(
    'takes no long time for %s over and over',
    (part) => {
      const { pieces } = createRedactor(KEY)
      const start = performance.now()
      pieces(part.repeat(200_000))
      expect(performance.now() - start).toBeLessThan(3000)
    },
  )
})
