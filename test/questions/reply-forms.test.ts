/** Replies as servers and models give them: what fits the form is found, and nothing of it is changed or made up. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRows } from '../cli/clara.js'
import { serve, synthFolder } from '../cli/synth-run.js'
import { type LlmReply, writePairs } from '../llm-server.js'
import { chunk, run, setUp } from './generate-run.js'

const PAIR = { type: 'fact', question: 'Who?', answer: 'She.', quotes: ['She did.'] }
const OTHER = { type: 'fact', question: 'A draft?', answer: 'Yes.', quotes: ['It is.'] }
const FORM = { summary: 'S.', pairs: [PAIR] }
const JSON_TEXT = JSON.stringify(FORM)
const LINES = JSON.stringify(FORM, null, 2)
const DRAFT = JSON.stringify({ summary: 'D.', pairs: [OTHER] })
const BARE = JSON.stringify(PAIR)
const DOTS =
  '{"summary": "...", "pairs": [{"type": "fact", "question": "...", "answer": "...", "quotes": ["..."]}]}'
const withAnswer = (text: string) => JSON_TEXT.replace('She.', text)

async function replyTo(reply: LlmReply) {
  const { server, ...place } = await setUp(() => reply)
  const { written, problems, counts } = await run([chunk(0)], place)
  return { written: written[0], problems, counts, calls: server.requests.length }
}

const message = (fields: object, finish = 'stop') => ({
  raw: {
    type: 'application/json',
    body: JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', ...fields }, finish_reason: finish }],
    }),
  },
})

describe('the form is found', () => {
  it.each<[string, string]>([
    ['after thoughts', `<think>Perhaps ${DRAFT}? No: {"foo or [1, 2\n</think>\n\n${JSON_TEXT}`],
    ['after thoughts without a beginning', `so { x } it is\n</think>${JSON_TEXT}`],
    ['after no thoughts', `<think>\n\n</think>\n\n${LINES}`],
    [
      'after several thoughts',
      `<think>a</think><thinking>${DOTS}</thinking><reasoning>c</reasoning>${LINES}`,
    ],
    [
      'behind channel marks',
      `<|channel|>analysis<|message|>{json?} ${DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>${JSON_TEXT}<|return|>`,
    ],
    ['in prose', `Here you are: ${JSON_TEXT}\nIs {that} all?`],
    ['in a fence with text around', `Sure!\n\`\`\`json\n${LINES}\n\`\`\`\nHope it helps [1].`],
    ['in a fence of another spelling', `~~~  JSON5 title="x"\n${LINES}\n~~~`],
    ['in a fence that is not closed', `\`\`\`\n${LINES}`],
    ['in tags', `<answer>${JSON_TEXT}</answer>`],
    ['in a list', `[${JSON_TEXT}]`],
    ['under another key', `{"result": ${JSON_TEXT}}`],
    ['in a text', JSON.stringify(JSON_TEXT)],
    ['in a text in a text', JSON.stringify(JSON.stringify(JSON_TEXT))],
    ['in a text under another key', JSON.stringify({ response: LINES })],
    ['with its quotation marks escaped', JSON_TEXT.replaceAll('"', '\\"')],
    ['twice', `${JSON_TEXT}\n${JSON_TEXT}`],
    ['before a second copy that is cut off', `${JSON_TEXT}\n${JSON_TEXT.slice(0, 50)}`],
    ['behind a byte order mark', `\ufeff${JSON_TEXT}`],
    ['after an example of it', `The form is ${DOTS}.\n${JSON_TEXT}`],
    ['before an example of it', `${JSON_TEXT}\nas in ${DOTS}`],
    ['with pairs by number', `{"summary": "S.", "pairs": {"1": ${BARE}}}`],
    ['with trailing commas', JSON_TEXT.replace(']}]}', '],},],}')],
    ['with a line break in a text', JSON_TEXT.replace('"S."', '"\nS.\n"')],
    ['without commas between lines', LINES.replaceAll(',\n', '\n')],
    [
      'with comments',
      LINES.replace('"pairs"', '// so many:\n"pairs"').replace('"answer"', '/* a */ "answer"'),
    ],
    ['in single quotation marks', JSON_TEXT.replaceAll('"', "'")],
    [
      'in typographic ones',
      '{“summary”: “S.”, “pairs”: [{“type”: “fact”, “question”: “Who?”, “answer”: “She.”, “quotes”: [“She did.”]}]}',
    ],
    [
      'with the punctuation of Chinese',
      JSON_TEXT.replaceAll('":', '"：').replaceAll('",', '"，').replaceAll('],', '],'),
    ],
    [
      'with bare keys and what Python has for null',
      JSON_TEXT.replace(/"(\w+)":/g, '$1: ').replace('"S."', '"S.", x: None'),
    ],
    ['with a bracket forgotten', JSON_TEXT.replace(']}]}', ']}}')],
    ['with one quote that is no list', JSON_TEXT.replace('["She did."]', '"She did."')],
  ])('%s', async (_, content) => {
    const { written, problems, calls } = await replyTo({ content })
    expect(problems).toEqual([])
    expect(written).toMatchObject({ summary: 'S.', pairs: [PAIR], malformed: [] })
    expect(calls).toBe(1)
  })

  it.each<[string, string, string[]]>([
    ['a list of pairs', `[${BARE}, ${JSON.stringify(OTHER)}]`, ['Who?', 'A draft?']],
    ['a single pair', `The pair:\n${BARE}`, ['Who?']],
    ['a pair a line', `1. ${BARE}\n2. ${JSON.stringify(OTHER)}\n`, ['Who?', 'A draft?']],
    ['no summary', `{"pairs": [${BARE}]}`, ['Who?']],
    ['a summary that is a list', `{"summary": ["x"], "pairs": [${BARE}]}`, ['Who?']],
  ])('without a summary: %s', async (_, content, questions) => {
    const { written, calls } = await replyTo({ content })
    expect(written!.pairs.map(({ question }) => question)).toEqual(questions)
    expect(written!.summary).toBe('')
    expect(calls).toBe(1)
  })

  it.each<[string, string]>([
    ["It's", JSON_TEXT.replaceAll('"', "'").replace('She.', "It's")],
    ['She said "no" today', withAnswer('She said "no" today')],
    ['She said "no", then left', withAnswer('She said "no", then left')],
    ['a 6" pipe', withAnswer('a 6" pipe')],
    ['C:\\path\\x, \\alpha', withAnswer('C:\\path\\x, \\alpha')],
    ['two\nlines\tof it', withAnswer('two\nlines\tof it')],
    ['{"pairs": []} // no', withAnswer(String.raw`{\"pairs\": []} // no`)],
  ])('and its texts are as they were written: %j', async (answer, content) => {
    const { written } = await replyTo({ content })
    expect(written!.pairs[0]!.answer).toBe(answer)
  })

  it.each<[string, LlmReply]>([
    [
      'parts',
      message({
        content: [
          { type: 'text', text: JSON_TEXT.slice(0, 30) },
          { type: 'text', text: JSON_TEXT.slice(30) },
        ],
      }),
    ],
    [
      'parts with thoughts',
      message({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: DRAFT }] },
          { type: 'text', text: JSON_TEXT },
        ],
      }),
    ],
    ['a value', message({ content: FORM })],
    [
      'the call of a tool',
      message(
        {
          content: null,
          tool_calls: [{ type: 'function', function: { name: 'json', arguments: JSON_TEXT } }],
        },
        'tool_calls',
      ),
    ],
    ['the call of a function', message({ content: '', function_call: { name: 'json', arguments: FORM } })],
    ['what is taken for thoughts', message({ content: null, reasoning_content: `\n${JSON_TEXT}` })],
  ])('in %s', async (_, reply) => {
    expect((await replyTo(reply)).written).toMatchObject(FORM)
  })

  it('at the beginning of a reply that ran on to its limit', async () => {
    const { written, calls } = await replyTo({ content: `${JSON_TEXT}\nUser: more`, finishReason: 'length' })
    expect(written).toMatchObject(FORM)
    expect(calls).toBe(1)
  })
})

describe('what is not whole does not pass for whole', () => {
  it.each<[string, LlmReply]>([
    ['cut before its end', { content: JSON_TEXT.slice(0, -1) }],
    ['cut in a fence', { content: `\`\`\`json\n${JSON_TEXT.slice(0, -2)}\n\`\`\`` }],
    ['cut behind a whole pair', { content: `{"summary": "S.", "pairs": [${BARE}, {"question": "Wh` }],
    ['cut in a list of pairs', { content: `[${BARE}, {"question": "Wh` }],
    ['cut in a text', { content: JSON_TEXT.slice(0, 90) }],
    ['abbreviated', { content: `{"summary": "S.", "pairs": [${BARE}, ...]}` }],
    ['a draft in thoughts without an end', { content: `<think>${DRAFT} or`, finishReason: 'length' }],
    [
      'a draft in the midst of thoughts',
      message({ content: null, reasoning_content: `Perhaps ${JSON_TEXT} or not` }),
    ],
    ['an example', { content: DOTS }],
    ['a number for an answer', { content: JSON_TEXT.replace('"She."', '3.10') }],
    ['1 MiB of braces', { content: '{'.repeat(1 << 20) }],
    ['1 MiB of brackets', { content: '['.repeat(1 << 20) }],
    ['1 MiB of objects that begin', { content: '{"question":'.repeat(87_000) }],
    ['1 MiB of stray quotation marks', { content: `{"question":${'"a" b '.repeat(170_000)}}` }],
    ['1 MiB of comments', { content: '{"question":/*'.repeat(74_000) }],
  ])('%s', async (name, reply) => {
    const start = performance.now()
    const { written, problems, calls } = await replyTo(reply)
    if (name === 'an example')
      expect(written!.pairs[0]!.question).toBe('...') // the checks refuse it
    else expect({ written, problems: problems.length }).toEqual({ written: undefined, problems: 1 })
    expect(calls).toBeLessThanOrEqual(2)
    expect(performance.now() - start).toBeLessThan(15_000)
  })
})

it('one bad pair costs that pair, and a missing summary the summary: both are counted, and named', async () => {
  const { path, synth } = synthFolder(6)
  const { url, requests } = await serve((body) => {
    const { pairs } = JSON.parse(writePairs(body))
    return { content: JSON.stringify({ pairs: [{ type: 'fact', question: 'Why?' }, ...pairs, 'x'] }) }
  })
  const flags = ['--base-url', url, '--json', '--target-top-k', '2']
  const { code, stdout } = await synth('bad', flags, { env: { OPENAI_API_KEY: 'none' } })
  expect(code).toBe(0)
  expect(requests).toHaveLength(6)
  expect(JSON.parse(stdout)).toMatchObject({
    questions: {
      rejected: { 'not of the form that was asked for': 12 },
      summary_faults: { 'no summary': 6 },
    },
  })
  const rejected = readRows(path('bad', 'rejected.jsonl'))
  expect(
    rejected.filter(({ reasons }) => String(reasons) === 'not of the form that was asked for'),
  ).toHaveLength(12)
  expect(readFileSync(join(path('bad'), 'rejected.jsonl'), 'utf8')).toContain(
    String.raw`"pair":{"malformed":"{\"type\":\"fact\",\"question\":\"Why?\"}"}`,
  )
  expect(readRows(path('bad', 'qa.jsonl')).length).toBeGreaterThanOrEqual(5)
})
