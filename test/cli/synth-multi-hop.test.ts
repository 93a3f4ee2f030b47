import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startLlmServer } from '../llm-server.js'
import { passagesIn } from '../llm-writer.js'
import { clara, example, readRows, workFolder } from './clara.js'

const work = workFolder()

async function synth(out: string, ...flags: string[]) {
  const server = await startLlmServer()
  onTestFinished(() => server.close())
  const result = await clara(
    [
      '--input-file',
      example('raw_knowledge.jsonl'),
      '--output-dir',
      join(work, out),
      '--base-url',
      server.url,
      ...flags,
    ],
    { bin: 'clara-synth', env: { OPENAI_API_KEY: 'sk-of-this-test' } },
  )
  return { ...result, requests: server.requests }
}

const FLAGS = ['--types', 'fact:0.5,multi-hop:0.5', '--pairs-per-chunk', '2', '--local-embeddings', '--force']

describe('multi-hop questions', () => {
  it('are about chunks that the index finds near each other, all of them positives', async () => {
    const { code, stdout, requests } = await synth('multi', ...FLAGS, '--round-trip', '40', '--json')
    expect(code).toBe(0)
    const groups = requests.map(passagesIn).filter((passages) => passages.length > 1)
    expect(groups.length).toBeGreaterThan(20)
    for (const passages of groups) {
      expect(passages.length).toBeLessThanOrEqual(3)
      expect(new Set(passages).size).toBe(passages.length)
    }
    const report = JSON.parse(stdout)
    expect(report.questions.kept_by_type['multi-hop']).toBeGreaterThan(5)

    const corpus = new Map(
      readRows<{ filename: string; content: string }>(example('raw_knowledge.jsonl')).map((r) => [
        `${r.filename}#0`,
        r.content,
      ]),
    )
    const multi = readRows<{ question: string; doc_id: string[]; type: string; quotes: string[] }>(
      join(work, 'multi', 'qa.jsonl'),
    ).filter(({ type }) => type === 'multi-hop')
    const samples = new Map(
      readRows<{ question: string; docs: string[]; pos_index: number[] }>(
        join(work, 'multi', 'end_to_end_data.jsonl'),
      ).map((row) => [row.question, row]),
    )
    for (const { question, doc_id: ids, quotes } of multi) {
      expect(Array.isArray(ids)).toBe(true)
      for (const [i, id] of ids.entries()) expect(corpus.get(id)).toContain(quotes[i])
      const { docs, pos_index } = samples.get(question)!
      expect(pos_index.map((p) => docs[p]).sort()).toEqual(ids.map((id) => corpus.get(id)).sort())
    }
    const single = readRows<{ docs: string[] }>(join(work, 'multi', 'instruction_data.jsonl'))
    expect(single).toHaveLength(report.questions.kept - multi.length)
    for (const { docs } of single) expect(docs).toHaveLength(1)
  })

  it('need an index', async () => {
    const { code, stderr, requests } = await synth('none', '--types', 'multi-hop')
    expect(code).toBe(2)
    expect(stderr).toContain('add --local-embeddings')
    expect(requests).toEqual([])
  })
})
