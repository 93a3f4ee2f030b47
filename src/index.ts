/** The library: what the commands are made of. */
import './runtime/telemetry.js'

export type { Chunk } from './chunks/chunk.js'
export type { Document } from './documents/document.js'
export { readDocuments } from './documents/read-documents.js'
export { ClaraError, type ErrorCode, type OnProblem, type Problem } from './errors.js'
export { type BuildOptions, buildIndex } from './index/build.js'
export { type ChosenEmbedder, chooseEmbedder } from './index/choose-embedder.js'
export { type Index, openIndex } from './index/open.js'
export { type Embedder, openEmbedder } from './inference/embedder.js'
export type { TextPair } from './inference/encoding.js'
export { openReranker, type Reranker } from './inference/reranker.js'
export {
  DEFAULT_EMBEDDER,
  type EmbedderModel,
  type RerankerModel,
  resolveEmbedder,
  resolveReranker,
} from './models/resolve.js'
export { openCorpus } from './negatives/corpus.js'
export type { MinedQuestion } from './negatives/mine.js'
export { type MineHardNegatives, mineHardNegatives } from './negatives/mine-hard-negatives.js'
export type { Question } from './questions/question.js'
export { readQuestions } from './questions/read-questions.js'
export type { Sample } from './samples/sample.js'
export { type ValidationReport, validateSamples } from './samples/validate.js'
export { writeSamples } from './samples/write.js'
