/** What setup.mjs installs under bench/.peers, and what bench/all.mjs leaves out where it is not there. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const FOLDER = fileURLToPath(new URL('../.peers', import.meta.url))

/** name -> what it is for, in which parts of the benchmarks. */
const PEERS = {
  venv: {
    inference: 'sentence-transformers with torch, CrossEncoder',
    index: 'FAISS, hnswlib',
    mining: 'mine_hard_negatives',
    sequential: "the Python scripts' flow",
  },
  'venv-onnx': { inference: 'sentence-transformers with ONNX Runtime, FastEmbed' },
  models: { inference: 'all of it: every engine gets the same weights', mining: 'mine_hard_negatives' },
  reranker: { mining: 'mine_hard_negatives with a cross-encoder' },
  js: { inference: 'transformers.js' },
}

/** A folder, or undefined where it is not, or not wholly, installed. */
export function peer(name) {
  return existsSync(`${FOLDER}/${name}.done`) && existsSync(`${FOLDER}/${name}`)
    ? `${FOLDER}/${name}`
    : undefined
}

/** A line for each comparison that cannot be made, of one part or of all. */
export function leftOut(part) {
  return Object.entries(PEERS).flatMap(([name, parts]) =>
    peer(name)
      ? []
      : Object.entries(parts)
          .filter(([each]) => part === undefined || each === part)
          .map(([each, what]) => `${each}: ${what} (bench/peers/setup.mjs has not installed ${name})`),
  )
}
