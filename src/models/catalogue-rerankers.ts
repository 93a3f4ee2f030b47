/** Cross-encoders. What catalogue-embedders.ts says of its facts holds here, too. */
import type { RerankerEntry } from './catalogue.js'

const SEVERAL = 'revision, sizes, sha256: agreed by several public projects'

const BGE_V2_M3 = {
  kind: 'reranker',
  repository: 'onnx-community/bge-reranker-v2-m3-ONNX',
  revision: '6f5ff65298512715a1e669753bc754d2bc8f367b',
  tokenizer: {
    path: 'tokenizer.json',
    bytes: 17_082_900,
    sha256: '8bf8afbfd11306bd872018c53bfdf2e160a56f8edbcf49933324404791c148d3',
  },
  tokenizerConfig: {
    path: 'tokenizer_config.json',
    bytes: 1203,
    sha256: 'b87c8703482b0300d3da30e201519aa641f6a450f5eb5bf1e624afbf70c74d80',
  },
  labels: 1,
  maxTokens: 8192,
  languages: ['multilingual'],
  licence: 'Apache-2.0',
} as const
const GTE = {
  kind: 'reranker',
  repository: 'onnx-community/gte-multilingual-reranker-base',
  revision: 'ee64367e35a2db0da46bb6497e13a18f8bd585cb',
  tokenizer: {
    path: 'tokenizer.json',
    bytes: 17_082_999,
    sha256: '3ffb37461c391f096759f4a9bbbc329da0f36952f88bab061fcf84940c022e98',
  },
  tokenizerConfig: {
    path: 'tokenizer_config.json',
    bytes: 1340,
    sha256: '6f00514620aff01ba8b7291b2394e98daca5be264cb743805232d9ae27494b2a',
  },
  labels: 1,
  maxTokens: 8192,
  languages: ['multilingual'],
  licence: 'Apache-2.0',
} as const

export const RERANKERS: RerankerEntry[] = [
  {
    name: 'ms-marco-minilm-l6-v2',
    kind: 'reranker',
    repository: 'cross-encoder/ms-marco-MiniLM-L6-v2',
    revision: 'c5ee24cb16019beea0893ab7796b1df96625c6b8',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 91_011_230,
      sha256: '5d3e70fd0c9ff14b9b5169a51e957b7a9c74897afd0a35ce4bd318150c1d4d4a',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 711_396,
      sha256: 'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 1330,
      sha256: 'a5c2e5a7b1a29a0702cd28c08a399b5ecc110c263009d17f7e3b415f25905fd8',
    },
    labels: 1,
    maxTokens: 512,
    languages: ['en'],
    licence: 'Apache-2.0',
    sources: [SEVERAL, 'tokenizer_config.json: one public project'],
  },
  {
    name: 'bge-reranker-base',
    kind: 'reranker',
    repository: 'BAAI/bge-reranker-base',
    revision: '2cfc18c9415c912f9d8155881c133215df768a70',
    precision: 'fp32',
    model: { path: 'onnx/model.onnx' },
    tokenizer: { path: 'tokenizer.json' },
    tokenizerConfig: { path: 'tokenizer_config.json' },
    labels: 1,
    maxTokens: 512,
    languages: ['en', 'zh'],
    licence: 'MIT',
    sources: ['revision, and that it holds onnx/model.onnx: several public projects', 'sha256: none found'],
  },
  {
    name: 'bge-reranker-base-int8',
    kind: 'reranker',
    repository: 'Xenova/bge-reranker-base',
    revision: '280bcc27a84e0b898c251e06fddb25171bd9b101',
    precision: 'int8',
    model: {
      path: 'onnx/model_quantized.onnx',
      bytes: 279_301_077,
      sha256: 'dd98f3e67837d23210a6b7550c08cced4f61845b940ac45be3565840a10f3244',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 17_098_079,
      sha256: '48564c5c7d3fa64d85d95e65414a542385f88b0f128fd8d4163fd7a57f2be05c',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 443,
      sha256: 'a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b',
    },
    labels: 1,
    maxTokens: 512,
    languages: ['en', 'zh'],
    licence: 'MIT',
    note: 'Activations are quantised by the batch: one public project saw scores change with the batch.',
    sources: ['revision, sizes, sha256: one public project'],
  },
  {
    ...BGE_V2_M3,
    name: 'bge-reranker-v2-m3',
    precision: 'fp32',
    model: { path: 'onnx/model.onnx' },
    externalData: [{ path: 'onnx/model.onnx_data' }],
    sources: ['graph: none found', 'revision, tokenizer: several public projects'],
  },
  {
    ...BGE_V2_M3,
    name: 'bge-reranker-v2-m3-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_quantized.onnx',
      bytes: 570_727_094,
      sha256: '912fc1215c2dbff6499700534bd8d31253af01573861abbfc43afd1fab6cce5d',
    },
    sources: [SEVERAL],
  },
  {
    ...GTE,
    name: 'gte-multilingual-reranker-base',
    precision: 'fp32',
    model: { path: 'onnx/model.onnx' },
    sources: ['graph: none found', 'revision, tokenizer: several public projects'],
  },
  {
    ...GTE,
    name: 'gte-multilingual-reranker-base-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_int8.onnx',
      bytes: 340_858_200,
      sha256: 'ccf51dba7f8aa9205753761cfaa68c55f741792501463a3bf25d7e5bcdac7c35',
    },
    sources: [SEVERAL],
  },
]
