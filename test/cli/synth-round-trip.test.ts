import { expect, it } from 'vitest'
import { readRows } from './clara.js'
import { serve, synthFolder } from './synth-run.js'

const { path, synth } = synthFolder(20)
const REASON = 'a question that does not find its passage'
const FLAGS = [
  '--local-embeddings',
  '--embedder',
  'all-minilm-l6-v2', // it does not read what is Chinese of the example
  '--force',
  '--types',
  'fact:1',
  '--pairs-per-chunk',
  '3',
  '--round-trip',
  '1',
  '--stages',
  'pretrain,instruction',
  '--quiet',
]

const missed = (out: string) =>
  readRows(path(out, 'rejected.jsonl')).filter(({ reasons }) => (reasons as string[]).includes(REASON))

it('a question that the embedder does not lead to its passage is kept where the reranker says that it answers', async () => {
  const { url, requests } = await serve()
  const run = (...flags: string[]) => synth('trip', ['--base-url', url, ...FLAGS, ...flags])
  expect((await run()).code).toBe(0)
  const [without, calls] = [missed('trip'), requests.length]
  expect(without.length).toBeGreaterThan(2)
  expect((await run('--reranker', 'multilingual-e5-small-en-zh')).code).toBe(0)
  expect(missed('trip').length).toBeLessThan(without.length / 2)
  expect(requests).toHaveLength(calls)
})
