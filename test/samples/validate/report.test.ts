import { expect, test } from 'vitest'
import { renderReport } from '#clara/samples/validate/report.js'
import type { ValidationReport } from '#clara/samples/validate.js'

const sound: ValidationReport = {
  file: 'out/end_to_end_data.jsonl',
  stage: 'end-to-end',
  schemaOnly: false,
  strict: false,
  lines: 4,
  valid: 4,
  withFindings: 0,
  withWarnings: 0,
  expected: null,
  docsPerSample: [{ docs: 5, rows: 4, percent: 100 }],
  mostCommon: 5,
  differing: 0,
  positions: [
    { position: 0, rows: 1 },
    { position: 3, rows: 3 },
  ],
  uniformity: null,
  reuse: null,
  languages: null,
  tokens: null,
  lengths: null,
  provenance: false,
  notCompared: 0,
  findings: [],
  firstSample: {
    line: 1,
    question: 'Where do puffins nest?',
    docs: 5,
    docLengths: [11, 13, 14, 9, 8],
    posIndex: [0],
    answer: 'In burrows',
  },
  ok: true,
}

const faulty: ValidationReport = {
  ...sound,
  lines: 12,
  valid: 3,
  withFindings: 9,
  expected: { topK: 5, matching: 9, notMatching: 2 },
  docsPerSample: [
    { docs: 1, rows: 2, percent: 18.2 },
    { docs: 5, rows: 9, percent: 81.8 },
  ],
  differing: 2,
  positions: [],
  tokens: { limit: 256, docs: 47, overLimit: 3, longest: 301, lostAnswers: 2 },
  findings: [
    { kind: 'not-json', level: 'error', count: 1, lines: [12] },
    { kind: 'only-gold-answer', level: 'error', count: 7, lines: [1, 2, 3, 4, 5] },
    { kind: 'wrong-top-k', level: 'error', count: 2, lines: [6, 7] },
  ],
  firstSample: { ...sound.firstSample!, question: 'Two\nlines\u001b[31m', posIndex: null, answer: null },
  ok: false,
}

const empty: ValidationReport = {
  ...sound,
  lines: 0,
  valid: 0,
  docsPerSample: [],
  mostCommon: null,
  positions: [],
  findings: [{ kind: 'no-samples', level: 'error', count: 1, lines: [] }],
  firstSample: null,
  ok: false,
}

test('a sound file', () => {
  expect(renderReport(sound)).toMatchInlineSnapshot(`
    "File
      out/end_to_end_data.jsonl
      stage 3: end to end, k documents each

    Samples
      total          4
      valid          4
      with findings  0

    Documents per sample
      5 docs  4 rows  100.0%  ##############################

    Inconsistent counts
      none

    Positive position
      0  1 row   ########
      3  3 rows  #######################

    Findings
      none

    First sample
      question   Where do puffins nest?
      docs       5 (characters: 11, 13, 14, 9, 8)
      pos_index  [0]
      answer     In burrows

    OK: 4 samples, 5 docs each"
  `)
})

test('a file with findings', () => {
  expect(renderReport(faulty)).toMatchInlineSnapshot(`
    "File
      out/end_to_end_data.jsonl
      stage 3: end to end, k documents each

    Samples
      total          12
      valid          3
      with findings  9

    Documents per sample
      1 doc   2 rows  18.2%  #####
      5 docs  9 rows  81.8%  #########################
      over 256 tokens: 3 of 47 docs, the longest has 301
      2 of 12 rows lose their answer to the cut

    Expected top-k
      expected      5
      matching      9
      not matching  2

    Inconsistent counts
      2 rows without the most common count of 5

    Positive position
      none

    Findings
      error  not-json          1  line is not JSON (line 12)
      error  only-gold-answer  7  gold_answer without answer, which apple/ml-clara rejects (its fork does not) (lines 1, 2, 3, 4, 5, …)
      error  wrong-top-k       2  number of docs is not the expected one (lines 6, 7)

    What to do
      not-json          make the file again, or remove the line
      only-gold-answer  give both, the same text
      wrong-top-k       make all samples with one --target-top-k; the trainer’s --generation_top_k is that, or less

    First sample
      question   Two lines [31m
      docs       5 (characters: 11, 13, 14, 9, 8)
      pos_index  -
      answer     -

    FAILED: 10 findings in 9 samples"
  `)
})

test('an empty file', () => {
  expect(renderReport(empty)).toMatchInlineSnapshot(`
    "File
      out/end_to_end_data.jsonl
      stage 3: end to end, k documents each

    Samples
      total          0
      valid          0
      with findings  0

    Documents per sample
      none

    Inconsistent counts
      none

    Positive position
      none

    Findings
      error  no-samples  1  the file holds no sample

    What to do
      no-samples  look why the run before wrote none

    First sample
      none

    FAILED: 1 finding in 0 samples"
  `)
})

test.each([
  [{ lines: 1, valid: 1 }, 'OK: 1 sample, 5 docs each'],
  [
    { ok: false, withFindings: 1, findings: [{ kind: 'no-answer', level: 'error', count: 1, lines: [1] }] },
    'FAILED: 1 finding in 1 sample',
  ],
] satisfies [Partial<ValidationReport>, string][])('the last line, singular: %j', (change, last) => {
  expect(
    renderReport({ ...sound, ...change })
      .split('\n')
      .at(-1),
  ).toBe(last)
})
