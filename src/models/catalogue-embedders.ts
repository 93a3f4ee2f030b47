/**
 * Embedding models. Revisions, sizes and sha256 were read, on 2026-11-23, out of what public
 * projects pin for these very addresses; `sources` says how many of them were found to agree. What
 * none states is left out, and the hub is asked for it. Dimensions, pooling and prefixes are those
 * of the model cards, as mteb records them (mteb/models/*_models.py).
 */
import type { CatalogueFile, EmbedderEntry } from './catalogue.js'

/** One tokenizer.json, of BERT's lower-case English vocabulary, is shared by these repositories. */
const BERT_TOKENIZER: CatalogueFile = {
  path: 'tokenizer.json',
  bytes: 711_396,
  sha256: 'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
}
const BGE_TOKENIZER_CONFIG: CatalogueFile = {
  path: 'tokenizer_config.json',
  bytes: 366,
  sha256: '9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3',
}
const BGE_ENGLISH = {
  kind: 'embedder',
  precision: 'fp32',
  tokenizer: BERT_TOKENIZER,
  tokenizerConfig: BGE_TOKENIZER_CONFIG,
  maxTokens: 512,
  pooling: 'cls',
  normalised: true,
  queryPrefix: 'Represent this sentence for searching relevant passages: ',
  documentPrefix: '',
  languages: ['en'],
  licence: 'MIT',
} as const
const E5 = {
  kind: 'embedder',
  maxTokens: 512,
  pooling: 'mean',
  normalised: true,
  queryPrefix: 'query: ',
  documentPrefix: 'passage: ',
  languages: ['multilingual'],
  licence: 'MIT',
} as const
const E5_SMALL = {
  ...E5,
  repository: 'intfloat/multilingual-e5-small',
  revision: '614241f622f53c4eeff9890bdc4f31cfecc418b3',
  tokenizer: {
    path: 'onnx/tokenizer.json',
    bytes: 17_082_730,
    sha256: '0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39',
  },
  tokenizerConfig: {
    path: 'onnx/tokenizer_config.json',
    bytes: 443,
    sha256: 'a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b',
  },
  dims: 384,
} as const
const GTE = {
  kind: 'embedder',
  repository: 'onnx-community/gte-multilingual-base',
  revision: '2edbf5e672aab465f9ed4c154a8b61791c082c69',
  tokenizer: {
    path: 'tokenizer.json',
    bytes: 17_082_734,
    sha256: '3a56def25aa40facc030ea8b0b87f3688e4b3c39eb8b45d5702b3a1300fe2a20',
  },
  tokenizerConfig: {
    path: 'tokenizer_config.json',
    bytes: 1149,
    sha256: '24cebbf2ef20fc317256e03e52ac7b2ca326586f946a8427ecac036332bf0933',
  },
  dims: 768,
  maxTokens: 8192,
  pooling: 'cls',
  normalised: true,
  queryPrefix: '',
  documentPrefix: '',
  languages: ['multilingual'],
  licence: 'Apache-2.0',
} as const
const NOMIC = {
  kind: 'embedder',
  repository: 'nomic-ai/nomic-embed-text-v1.5',
  revision: 'e9b6763023c676ca8431644204f50c2b100d9aab',
  tokenizer: BERT_TOKENIZER,
  tokenizerConfig: {
    path: 'tokenizer_config.json',
    bytes: 1191,
    sha256: 'd7e0000bcc80134debd2222220427e6bf5fa20a669f40a0d0d1409cc18e0a9bc',
  },
  dims: 768,
  maxTokens: 2048,
  pooling: 'mean',
  normalised: true,
  queryPrefix: 'search_query: ',
  documentPrefix: 'search_document: ',
  languages: ['en'],
  licence: 'Apache-2.0',
  note: 'The model card reads up to 8192 tokens by rescaling positions; it was trained on 2048.',
} as const
const QWEN3 = {
  kind: 'embedder',
  repository: 'onnx-community/Qwen3-Embedding-0.6B-ONNX',
  revision: 'c25a394dd583836952667c12f008335071b3f43d',
  tokenizer: {
    path: 'tokenizer.json',
    bytes: 11_423_705,
    sha256: 'def76fb086971c7867b829c23a26261e38d9d74e02139253b38aeb9df8b4b50a',
  },
  tokenizerConfig: {
    path: 'tokenizer_config.json',
    bytes: 9731,
    sha256: '977648852447cb6587327ff3205b0a84cf2fc9f05621d6c8e88a497caafab2e1',
  },
  dims: 1024,
  maxTokens: 32_768,
  pooling: 'last-token',
  normalised: true,
  queryPrefix: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
  documentPrefix: '',
  languages: ['multilingual'],
  licence: 'Apache-2.0',
  note: 'A decoder: the graph also takes position_ids and past keys and values.',
} as const

const SEVERAL = 'revision, sizes, sha256: agreed by several public projects'

export const EMBEDDERS: EmbedderEntry[] = [
  {
    name: 'all-minilm-l6-v2-fp32',
    kind: 'embedder',
    repository: 'sentence-transformers/all-MiniLM-L6-v2',
    revision: 'c9745ed1d9f207416be6d2e6f8de32d1f16199bf',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 90_405_214,
      sha256: '6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 466_247,
      sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 350,
      sha256: 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    },
    dims: 384,
    maxTokens: 256,
    pooling: 'mean',
    normalised: true,
    queryPrefix: '',
    documentPrefix: '',
    languages: ['en'],
    licence: 'Apache-2.0',
    note: 'What the embedded all-minilm-l6-v2 was made from.',
    sources: [SEVERAL, 'tokenizer files: the same bytes as the embedded model’s'],
  },
  {
    ...BGE_ENGLISH,
    name: 'bge-small-en-v1.5',
    repository: 'BAAI/bge-small-en-v1.5',
    revision: '5c38ec7c405ec4b44b94cc5a9bb96e735b38267a',
    model: {
      path: 'onnx/model.onnx',
      bytes: 133_093_490,
      sha256: '828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35',
    },
    dims: 384,
    sources: [SEVERAL, 'revision: mteb, too'],
  },
  {
    ...BGE_ENGLISH,
    name: 'bge-base-en-v1.5',
    repository: 'BAAI/bge-base-en-v1.5',
    revision: 'a5beb1e3e68b9ab74eb54cfd186867f64f240e1a',
    model: {
      path: 'onnx/model.onnx',
      bytes: 435_811_539,
      sha256: '9bc579acdba21c253c62a9bf866891355a63ffa3442b52c8a37d75b2ccb91848',
    },
    dims: 768,
    sources: [SEVERAL, 'revision: mteb, too'],
  },
  {
    name: 'bge-small-zh-v1.5',
    kind: 'embedder',
    repository: 'Xenova/bge-small-zh-v1.5',
    revision: '75c43b069aac4d136ba6bc1122f995fedcfd2781',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 94_851_877,
      sha256: '69a0b846f4f116b5e6aabf9546ea6754d02264f3211a13a1bd69b31b8040749a',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 439_125,
      sha256: '48cea5d44424912a6fd1ea647bf4fe50b55ab8b1e5879c3275f80e339e8fae26',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 367,
      sha256: 'e6f3b96db926a37d4039995fbf5ad17de158dfb8f6343d607e4dbaad18d75f5a',
    },
    // both files say that case is kept, and no piece of the vocabulary has a capital: each word with one is [UNK]
    lowercase: true,
    dims: 512,
    maxTokens: 512,
    pooling: 'cls',
    normalised: true,
    // the instruction of the model card, which v1.5 is said to need no more, costs nDCG@10 (docs/models.md)
    queryPrefix: '',
    documentPrefix: '',
    languages: ['zh'],
    licence: 'MIT',
    note: 'The ONNX export of BAAI/bge-small-zh-v1.5, whose own repository has none.',
    sources: [SEVERAL],
  },
  {
    name: 'bge-m3',
    kind: 'embedder',
    repository: 'BAAI/bge-m3',
    revision: '5617a9f61b028005a4858fdac845db406aefb181',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 724_923,
      sha256: 'f84251230831afb359ab26d9fd37d5936d4d9bb5d1d5410e66442f630f24435b',
    },
    externalData: [
      {
        path: 'onnx/model.onnx_data',
        bytes: 2_266_820_608,
        sha256: '1eebfb28493f67bba03ce0ef64bfdc7fc5a3bd9d7493f818bb1d78cd798416b4',
      },
      {
        path: 'onnx/Constant_7_attr__value',
        bytes: 65_552,
        sha256: 'cdf16f72c5d07b36484056e601ed9687f78477e5d85cee85a34f2406b7fb5906',
      },
    ],
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 17_098_108,
      sha256: '21106b6d7dab2952c1d496fb21d5dc9db75c28ed361a05f5020bbba27810dd08',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 444,
      sha256: 'a62b2b6784f990259fddef5f16388693a8043be4f69179e6a5257eeb3f9abac4',
    },
    dims: 1024,
    maxTokens: 8192,
    pooling: 'cls',
    normalised: true,
    queryPrefix: '',
    documentPrefix: '',
    languages: ['multilingual'],
    licence: 'MIT',
    note: 'Dense vectors only; the graph gives no sparse or multi-vector output.',
    sources: [SEVERAL, 'tokenizer_config.json: one public project'],
  },
  {
    name: 'bge-m3-int8',
    kind: 'embedder',
    repository: 'Xenova/bge-m3',
    revision: '4de13258303883538bd53b696b452bf8099f0858',
    precision: 'int8',
    model: {
      path: 'onnx/model_quantized.onnx',
      sha256: '0826f8c1ab9edf1801db86c61919d4d108e8bfc0b809ec823ad366882ff0b77d',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 17_082_821,
      sha256: '6710678b12670bc442b99edc952c4d996ae309a7020c1fa0096dd245c2faf790',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 1173,
      sha256: '7e4c1cc848840aeccdd763458c18dd525eb0f795c992e00ebe9c28554e7db2d4',
    },
    dims: 1024,
    maxTokens: 8192,
    pooling: 'cls',
    normalised: true,
    queryPrefix: '',
    documentPrefix: '',
    languages: ['multilingual'],
    licence: 'MIT',
    sources: [SEVERAL, 'size of the graph: none found'],
  },
  {
    ...E5_SMALL,
    name: 'multilingual-e5-small',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 470_268_510,
      sha256: 'ca456c06b3a9505ddfd9131408916dd79290368331e7d76bb621f1cba6bc8665',
    },
    sources: [SEVERAL],
  },
  {
    ...E5_SMALL,
    name: 'multilingual-e5-small-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_qint8_avx512_vnni.onnx',
      bytes: 118_346_824,
      sha256: 'dd476dd0c2514e9b9be83aeb3853fac0763e0bdf4a71645407587d77c48a2d88',
    },
    note: 'Quantised for CPUs with AVX-512 VNNI; runs elsewhere, with other rounding.',
    sources: [SEVERAL],
  },
  {
    ...E5,
    name: 'multilingual-e5-base',
    repository: 'intfloat/multilingual-e5-base',
    revision: 'd128750597153bb5987e10b1c3493a34e5a4502a',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 1_110_059_084,
      sha256: '84a4d426f7e87a6bf5bf195f0bae2c4a7d15f675b23ca96f42fab8326d7a77aa',
    },
    tokenizer: {
      path: 'tokenizer.json',
      bytes: 17_082_660,
      sha256: '62c24cdc13d4c9952d63718d6c9fa4c287974249e16b7ade6d5a85e7bbb75626',
    },
    tokenizerConfig: {
      path: 'tokenizer_config.json',
      bytes: 418,
      sha256: 'efb5c0d09722e5fe59a462cd2a9976ee216d55b037597d997cd3fe833216da15',
    },
    dims: 768,
    sources: [SEVERAL],
  },
  {
    ...GTE,
    name: 'gte-multilingual-base',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      sha256: '5b9f03fdc40350a78fa064b4cfb6bf9a229a7c40aa87736f537e3ebd00aa2b86',
    },
    sources: ['graph: one public project, without its size', 'tokenizer: several public projects'],
  },
  {
    ...GTE,
    name: 'gte-multilingual-base-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_int8.onnx',
      bytes: 340_318_797,
      sha256: 'ab2bd164ebd8ca9003dc49a981b611e849b5d326f504c8873ba76e07fa6c0082',
    },
    sources: [SEVERAL],
  },
  {
    ...NOMIC,
    name: 'nomic-embed-text-v1.5',
    precision: 'fp32',
    model: {
      path: 'onnx/model.onnx',
      bytes: 547_310_275,
      sha256: '147d5aa88c2101237358e17796cf3a227cead1ec304ec34b465bb08e9d952965',
    },
    sources: [SEVERAL],
  },
  {
    ...NOMIC,
    name: 'nomic-embed-text-v1.5-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_int8.onnx',
      bytes: 137_296_292,
      sha256: 'b4342336debaea79de872370664b0aaeb67dea4605513d00ee236ea871a81f27',
    },
    sources: [SEVERAL],
  },
  {
    ...QWEN3,
    name: 'qwen3-embedding-0.6b',
    precision: 'fp32',
    model: { path: 'onnx/model.onnx' },
    externalData: [{ path: 'onnx/model.onnx_data' }],
    sources: ['graph: none found', 'revision, tokenizer: several public projects'],
  },
  {
    ...QWEN3,
    name: 'qwen3-embedding-0.6b-int8',
    precision: 'int8',
    model: {
      path: 'onnx/model_quantized.onnx',
      bytes: 613_527_631,
      sha256: '87cd124e0ef1fd1f223ebc283efccbaeac386d0b08344701c46975d0657b591f',
    },
    sources: [SEVERAL],
  },
]
