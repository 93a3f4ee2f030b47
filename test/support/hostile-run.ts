/** A run of which every text wants to be more than text. */
import { jsonl, type TestDirectory } from './directory.js'

/** What is in the files, and what a reader is to see of it. */
export const HOSTILE: { text: string; shown: string }[] = [
  '<script>alert("script")</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(2)",
  '</details></section></main></body></html><iframe src="javascript:alert(3)"></iframe>',
  '</style><style>body{display:none}</style>',
  '</script><script>alert(4)</script>',
  '</title><base href="https://evil.example/"><title>',
  '<!-- <svg onload=alert(5)> ]]> <![CDATA[',
  '<form action="https://evil.example/"><input name=x autofocus onfocus=alert(6)>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '&lt;b&gt; &amp;amp; &#60;i&#62;',
  '{{alert(7)}} `x` %3Cscript%3E',
]
  .map((text) => ({ text, shown: text }))
  .concat(
    { text: '\u001b[31mred\u001b[0m\u0007\u009b2J', shown: '⟦U+001B⟧[31mred⟦U+001B⟧[0m⟦U+0007⟧⟦U+009B⟧2J' },
    { text: 'turned \u202egnuhtemos\u202c \u2066x', shown: 'turned ⟦U+202E⟧gnuhtemos⟦U+202C⟧ ⟦U+2066⟧x' },
    {
      text: 'nul \u0000 half \ud800 tag \u{e0041} bom \ufeff',
      shown: 'nul ⟦U+0000⟧ half ⟦U+D800⟧ tag ⟦U+E0041⟧ bom ⟦U+FEFF⟧',
    },
    { text: 'مرحبا עולם 你好 👩‍👩‍👧', shown: 'مرحبا עולם 你好 👩‍👩‍👧' },
  )

const LONG = 'W'.repeat(1_000_000)

export async function writeHostileRun(directory: TestDirectory, name: string): Promise<void> {
  const texts = HOSTILE.map(({ text }) => text)
  const at = (i: number) => texts[i % texts.length]!
  const rows = texts.map((_, i) => ({
    question: `Q ${at(i)}`,
    docs: [`D ${at(i)}`, `E ${at(i + 1)}`, i === 0 ? LONG : `F ${at(i + 2)}`],
    gold_answer: `A ${at(i)}`,
    answer: `A ${at(i)}`,
    pos_index: [i % 3],
  }))
  const provenance = texts.map((_, i) => ({
    source: at(i),
    docs: [0, 1, 2].map((n) => ({
      role: n === i % 3 ? 'positive' : at(i),
      tier: at(i + n),
      chunk_id: at(i + n),
      rank: n + 1,
      embedder_score: n === 0 ? 1e300 : 0.1 * n,
      reranker_score: 0.3 * n,
    })),
    excluded: [
      { chunk_id: at(i), reason: 'contains the answer' },
      { chunk_id: `${at(i)} elsewhere`, reason: 'score near the positive' },
      { chunk_id: at(i), reason: at(i) },
    ],
  }))
  const named = Object.fromEntries(texts.map((text, i) => [text, { [text]: at(i + 1), list: texts }]))
  const write = (file: string, content: string) => directory.write(`${name}/${file}`, content)
  await write('end_to_end_data.jsonl', jsonl(...rows))
  await write('end_to_end_data.provenance.jsonl', jsonl(...provenance))
  await write(
    'run.json',
    JSON.stringify({ ...named, llm: at(0), embedder: at(1), changeable: { reranker: at(2) } }),
  )
  await write(
    'report.json',
    JSON.stringify({ embedder: at(0), reranker: at(1), seed: at(2), llm: { model: at(3) }, named }),
  )
  await write(
    'qa.jsonl',
    jsonl(...texts.map((text) => ({ question: text, answer: text, type: text, doc_id: text }))),
  )
  await write(
    'rejected.jsonl',
    jsonl(
      ...texts.map((text) => ({
        chunk_id: text,
        reasons: [text, `${text} again`],
        pair: { type: text, question: text, answer: text, quotes: [text] },
      })),
      { chunk_id: [at(0)], reasons: [at(1)], summary: at(2) },
    ),
  )
}
