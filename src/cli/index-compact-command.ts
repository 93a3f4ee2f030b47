/** clara-index compact */
import { Command } from 'commander'
import { compactIndex } from '../index/compact.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { remarkRecall, summaryOf } from './index-summary.js'

import { printResult } from './print-result.js'
import { createTalk } from './talk.js'

interface CompactFlags extends OutputFlags {
  overwrite?: boolean
}

export function compactCommand(): Command {
  const command = new Command('compact')
    .description('Writes an index anew without what was removed. Nothing is embedded again.')
    .argument('<dir>', 'index directory')
    .option('--overwrite', 'give up unfinished work of another command')
  outputFlags(command)
  example(command, 'clara-index compact my-index')
  return command.action(async (directory: string, flags: CompactFlags) => {
    const manifest = await compactIndex(directory, { overwrite: flags.overwrite ?? false })
    remarkRecall(createTalk(flags), manifest)
    printResult(flags, { index: directory, ...summaryOf(manifest) })
  })
}
