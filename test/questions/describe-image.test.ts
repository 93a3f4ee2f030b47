/** What a vision model says of an image, apart from what it thinks, and from what a filter says in its place. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDescriber } from '#clara/questions/describe-image.js'
import { workFolder } from '../cli/clara.js'
import { serve } from '../cli/synth-run.js'
import type { LlmReply } from '../llm-server.js'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
)

async function describeWith(reply: LlmReply) {
  const { url } = await serve(() => reply)
  const endpoint = { model: 'eye', baseUrl: url, apiKey: 'none', timeoutMs: 10_000, concurrency: 1 }
  const describer = await openDescriber(endpoint, join(workFolder(), 'descriptions'), {})
  try {
    return await describer.describe(PNG, new AbortController().signal)
  } finally {
    await describer.close()
  }
}

it.each([
  ['<think>A box? Or a dot.</think>\n\nA dot.'],
  ['A box? Or a dot.\n</think>A dot.'],
  ['[THINK]A box?[/THINK]A dot.'],
  [
    '<|channel|>analysis<|message|>A box?<|end|><|start|>assistant<|channel|>final<|message|>A dot.<|return|>',
  ],
  ['analysisA box? No.assistantfinalA dot.'],
  ['<think>\n</think>\n<|begin_of_box|>A dot.<|end_of_box|>'],
])('thoughts are no description: %j', async (content) => {
  expect(await describeWith({ content })).toEqual({ text: 'A dot.' })
})

it.each<[string, LlmReply, RegExp]>([
  ['thoughts alone', { content: '<think>A box? Or a', finishReason: 'length' }, /said nothing/],
  ['a filter', { content: 'Sorry, I cannot.', finishReason: 'guardrail_intervened' }, /refused: Sorry/],
  [
    'an error in a 200',
    { raw: { type: 'application/json', body: '{"error": {"message": "no images here"}}' } },
    /no images here/,
  ],
])('%s is a problem of that image', async (_, reply, problem) => {
  expect(await describeWith(reply)).toEqual({ problem: expect.stringMatching(problem) })
})
