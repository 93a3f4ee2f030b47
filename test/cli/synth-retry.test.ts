/** A run that ended with failed passages names the command that goes on with just those. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { passageIn } from '../llm-server.js'
import { readRows, shell } from './clara.js'
import { serve, synthFolder } from './synth-run.js'

const { corpus, path, synth } = synthFolder(12)
const passages = readRows(corpus).map(({ content }) => content)
const env = { OPENAI_API_KEY: 'sk-of-this-test' }

it('and does only those, with a result as if nothing had failed', async () => {
  let isWell = false
  const { url, requests } = await serve((body) => {
    const n = passages.indexOf(passageIn(body))
    if (isWell || n % 4 !== 0) return {}
    return n % 8 === 0 ? { content: 'Sure!' } : { status: 422, error: { message: 'not this one' } }
  })
  const first = await synth('retried', ['--base-url', url, '--seed', '3'], { env })
  expect(first.code).toBe(1)
  const said = /^(\d+) of 12 chunks got no usable reply; for those alone: clara-synth (.*)$/m.exec(
    first.stderr,
  )!
  expect([said[1], said[2]]).toEqual(['3', expect.stringMatching(/ --seed 3 --retry-failed$/)])
  expect(said[2]).not.toContain(env.OPENAI_API_KEY)

  isWell = true
  const before = requests.length
  const again = await shell(`OPENAI_API_KEY=x clara synth ${said[2]} --json`)
  expect([again.code, JSON.parse(again.stdout).llm.failed]).toEqual([0, 0])
  expect(
    requests
      .slice(before)
      .map((body) => passages.indexOf(passageIn(body)))
      .sort(),
  ).toEqual([0, 4, 8])
  expect((await synth('whole', ['--base-url', url, '--seed', '3', '--quiet'], { env })).code).toBe(0)
  for (const name of ['qa.jsonl', 'end_to_end_data.jsonl']) {
    expect(readFileSync(path('retried', name))).toEqual(readFileSync(path('whole', name)))
  }
})

it('without a secret of its address', async () => {
  const { url } = await serve((body) => (passages.indexOf(passageIn(body)) === 2 ? { content: 'No' } : {}))
  const flags = ['--base-url', `${url}?key=very-secret-value`, '--limit', '5']
  const { code, stderr } = await synth('secret', flags, { env })
  expect(code).toBe(1)
  expect(stderr).toMatch(/ --base-url "\$OPENAI_BASE_URL" --limit 5 --retry-failed$/m)
  expect(stderr).not.toContain('very-secret')
})
