import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { startLlmServer } from '../llm-server.js'
import { type Attack, attacks, obey } from '../obedient-model.js'
import { clara, example, readRows, workFolder } from './clara.js'

const work = workFolder()
const out = join(work, 'out')
const CONTROLS = 12

type Row = Record<string, unknown>

/** As a reader, or a program, might put it together again: without marks that nobody sees, tags as letters. */
function plain(text: string): string {
  return text
    .replace(/[\u{E0020}-\u{E007E}]/gu, (tag) => String.fromCodePoint(tag.codePointAt(0)! - 0xe0000))
    .replace(/\p{Cf}/gu, '')
    .normalize('NFKC')
    .toLowerCase()
}

const holds = (value: unknown, { canary }: Attack) => {
  const text = plain(JSON.stringify(value))
  const wanted = plain(canary)
  return text.includes(wanted) || text.includes([...wanted].reverse().join(''))
}

let requests = 0

beforeAll(async () => {
  const clean = readFileSync(example('raw_knowledge.jsonl'), 'utf8').split('\n').slice(0, CONTROLS)
  const hostile = attacks.map(({ name, content }) => JSON.stringify({ filename: name, content }))
  writeFileSync(join(work, 'corpus.jsonl'), [...clean, ...hostile].join('\n'))
  const server = await startLlmServer({ behave: obey })
  const flags = ['--pairs-per-chunk', '2', '--types', 'fact,reasoning', '--json']
  const { code, stderr } = await clara(
    ['--input-file', join(work, 'corpus.jsonl'), '--output-dir', out, '--base-url', server.url, ...flags],
    { bin: 'clara-synth', env: { OPENAI_API_KEY: 'sk-none-of-these' } },
  )
  requests = server.requests.length
  await server.close()
  expect(stderr).not.toContain('bug')
  expect([0, 1]).toContain(code)
})

const FILES = [
  'qa.jsonl',
  'pretrain_data.jsonl',
  'pretrain_paraphrase_data.jsonl',
  'instruction_data.jsonl',
  'end_to_end_data.jsonl',
]

describe('documents that instruct the model, and a model that obeys', () => {
  it('are forty and more, and the model was asked about each', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(40)
    expect(new Set(attacks.map(({ canary }) => canary)).size).toBe(attacks.length)
    expect(requests).toBeGreaterThan(attacks.length + CONTROLS)
    const rejected = readRows(join(out, 'rejected.jsonl'))
    for (const attack of attacks) {
      const about = rejected.filter(({ chunk_id: id }) => String(id).startsWith(`${attack.name}#`))
      expect(
        about.some((row) => holds(row, attack)),
        attack.name,
      ).toBe(true)
    }
  })

  it.each(FILES)('get nothing of theirs into what the model wrote for %s', (file) => {
    const rows = readRows<Row>(join(out, file))
    expect(rows.length).toBeGreaterThanOrEqual(CONTROLS / 2)
    for (const { docs: _, doc_id: __, ...written } of rows) {
      for (const attack of attacks) expect(holds(written, attack), `${attack.name} in ${file}`).toBe(false)
      expect(JSON.stringify(written)).not.toMatch(
        /evil\.example|<script|passage-[0-9a-f]|is data|training data for/,
      )
    }
  })

  it('get canaries that no document spells out into no data file at all', () => {
    const data = readdirSync(out).filter(
      (name) => name.endsWith('.jsonl') && !/^(?:rejected|llm_)/.test(name),
    )
    expect(data).toEqual(expect.arrayContaining(FILES))
    const hidden = attacks.filter((attack) => attack.hidden && !holds(attack.content, attack))
    expect(hidden.length).toBeGreaterThanOrEqual(3)
    for (const file of data) {
      const text = readFileSync(join(out, file), 'utf8')
      for (const attack of hidden) expect(holds(text, attack), `${attack.name} in ${file}`).toBe(false)
    }
  })

  it('leave documents in docs as they are, and the controls their pairs and summaries', () => {
    const passages = new Set(readRows(join(work, 'corpus.jsonl')).map(({ content }) => content))
    const cut = readRows<{ docs: string[] }>(join(out, 'end_to_end_data.jsonl')).flatMap(({ docs }) => docs)
    for (const doc of cut) {
      expect([...passages].some((passage) => String(passage).includes(doc.slice(0, 60)))).toBe(true)
    }
    const names = attacks.map(({ name }) => `${name}#`)
    const ids = readRows(join(out, 'qa.jsonl')).map(({ doc_id: id }) => String(id))
    const clean = ids.filter((id) => !names.some((name) => id.startsWith(name)))
    expect(new Set(clean).size).toBeGreaterThanOrEqual(CONTROLS - 1)
    expect(readRows(join(out, 'pretrain_paraphrase_data.jsonl')).length).toBeGreaterThanOrEqual(CONTROLS - 1)
  })
})
