/** The special tokens and segment ids around texts, as the post-processor of tokenizer.json states them. */
import type { Component, TokenizerJson } from './tokenizer-json.js'

/** Special tokens, or the place of a text. */
export interface Slot {
  ids: number[] | 'question' | 'passage'
  typeId: number
}

interface Template {
  /** Around one text, which takes the place of the question. */
  single: Slot[]
  pair: Slot[]
}

export const specialTokens = (slots: Slot[]): number =>
  slots.reduce((sum, { ids }) => sum + (typeof ids === 'string' ? 0 : ids.length), 0)

const question = (typeId: number): Slot => ({ ids: 'question', typeId })
const passage = (typeId: number): Slot => ({ ids: 'passage', typeId })

/** @throws Error when the post-processor is of a kind that is not known. */
export function templateOf(json: TokenizerJson): Template {
  const [stated, ...more] = flat(json.post_processor ?? undefined).filter(({ type }) => type !== 'ByteLevel')
  if (more.length > 0) throw new Error('post_processor: more than one of them adds special tokens')
  if (!stated) return { single: [question(0)], pair: [question(0), passage(1)] }
  if (stated.type === 'TemplateProcessing') return fromTemplate(stated as unknown as TemplateProcessing)
  const { sep, cls } = stated as unknown as { sep: [string, number]; cls: [string, number] }
  if (stated.type === 'BertProcessing') return bert(cls[1], sep[1])
  if (stated.type === 'RobertaProcessing') return roberta(cls[1], sep[1])
  throw new Error(`post_processor: type ${JSON.stringify(stated.type)} is not known`)
}

function flat(component: Component | undefined): Component[] {
  if (!component) return []
  if (component.type !== 'Sequence') return [component]
  return (component.processors as Component[]).flatMap(flat)
}

interface TemplateProcessing {
  single: TemplatePiece[]
  pair: TemplatePiece[]
  special_tokens: Record<string, { ids: number[] }>
}
type TemplatePiece =
  | { SpecialToken: { id: string; type_id: number } }
  | { Sequence: { id: 'A' | 'B'; type_id: number } }

function fromTemplate({ single, pair, special_tokens }: TemplateProcessing): Template {
  const slot = (piece: TemplatePiece): Slot => {
    if ('Sequence' in piece) {
      return (piece.Sequence.id === 'A' ? question : passage)(piece.Sequence.type_id)
    }
    const { id, type_id: typeId } = piece.SpecialToken
    const ids = special_tokens[id]?.ids
    if (!ids) throw new Error(`post_processor: special_tokens lacks ${JSON.stringify(id)}`)
    return { ids, typeId }
  }
  return { single: single.map(slot), pair: pair.map(slot) }
}

function bert(cls: number, sep: number): Template {
  const first = [{ ids: [cls], typeId: 0 }, question(0), { ids: [sep], typeId: 0 }]
  return { single: first, pair: [...first, passage(1), { ids: [sep], typeId: 1 }] }
}

/** Two separators between the texts; RoBERTa has one segment only. */
function roberta(cls: number, sep: number): Template {
  const end = { ids: [sep], typeId: 0 }
  const first = [{ ids: [cls], typeId: 0 }, question(0), end]
  return { single: first, pair: [...first, end, passage(0), end] }
}
