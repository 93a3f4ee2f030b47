/** clara-index info */
import { Command } from 'commander'
import { engineName } from '../index/graph.js'
import { type Manifest, ROLES, readManifest } from '../index/manifest.js'
import { type Unfinished, unfinishedWork } from '../index/unfinished.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { summaryOf } from './index-summary.js'
import { printResult } from './print-result.js'

export function infoCommand(): Command {
  const command = new Command('info')
    .description('what an index holds, what it was made with, and whether work on it is unfinished')
    .argument('<dir>', 'index directory')
  outputFlags(command)
  example(command, 'clara-index info my-index')
  return command.action(async (directory: string, flags: OutputFlags) => {
    const unfinished = await unfinishedWork(directory)
    const described = await readManifest(directory).then(describe, (error) => {
      if (unfinished) return {} // a build that has no manifest yet
      throw error
    })
    printResult(flags, { index: directory, ...described, unfinished: sentenceOf(unfinished) })
  })
}

function describe(manifest: Manifest) {
  const { engine, why } = engineName()
  const { recall, embedder, files } = manifest
  const sizes = ROLES.flatMap((role) => (files[role] ? [[`${role}_bytes`, files[role].bytes]] : []))
  return {
    ...summaryOf(manifest),
    ...Object.fromEntries(sizes),
    embedder_sha256: embedder.sha256,
    recall: recall ?? 'not measured',
    engine,
    engine_why: why,
  }
}

function sentenceOf(unfinished: Unfinished | undefined): string {
  if (!unfinished) return 'no'
  const { work, chunks, documents } = unfinished
  return `${work}: ${documents} documents, ${chunks} chunks embedded; run the ${work} again to finish it`
}
