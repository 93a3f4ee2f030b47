/** A model as the speed benchmarks see it: what goes in, without what a product adds around it. */
import { ClaraError } from '../errors.js'
import type { Encodings, TextPair } from '../inference/encoding.js'
import { type Engine, type EngineOptions, openEngine } from '../inference/engine.js'
import type { Model, RerankerModel } from '../models/resolve.js'

export interface Subject {
  name: string
  /** What one input is called. */
  unit: 'passages' | 'pairs'
  engine: Engine
  encode(inputs: TextPair[]): Promise<Encodings>
}

/**
 * @param model an embedder reads the passage of each input, a cross-encoder the question too.
 * @throws ClaraError `usage` for an embedder as the reranker: it reads no pairs.
 */
export async function openSubject(
  model: Model & Pick<RerankerModel, 'encoder'>,
  options: EngineOptions,
): Promise<Subject> {
  const { card } = model
  if (model.encoder) {
    throw new ClaraError(
      'usage',
      `--reranker ${card.name}: an embedder compares passages that it has read one by one: its speed is what --embedder measures; a cross-encoder is expected here`,
    )
  }
  if (card.kind === 'reranker') {
    const engine = await openEngine(model, { kind: 'logits', labels: card.labels }, options)
    const encode = (inputs: TextPair[]) => engine.tokenizer.encodePairs(inputs)
    return { name: card.name, unit: 'pairs', engine, encode }
  }
  const { pooling, dims } = card
  const output = { kind: 'vector', pooling, modelDims: dims, dims, normalised: true } as const
  const engine = await openEngine(model, output, options)
  const encode = (inputs: TextPair[]) =>
    engine.tokenizer.encode(inputs.map(({ passage }) => card.documentPrefix + passage))
  return { name: card.name, unit: 'passages', engine, encode }
}

/** Each passage with one of the questions, in turn. */
export async function* pairUp(
  passages: AsyncIterable<string>,
  questions: string[],
): AsyncGenerator<TextPair> {
  let i = 0
  for await (const passage of passages) {
    yield { question: questions[i % questions.length] ?? '', passage }
    i++
  }
  if (i === 0) throw new ClaraError('input', 'no documents to measure with')
}
