/** clara-index info */
import { Command } from 'commander'
import { readManifest } from '../index/manifest.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { summaryOf } from './index-summary.js'
import { printResult } from './print-result.js'

export function infoCommand(): Command {
  const command = new Command('info')
    .description('what the manifest says')
    .argument('<dir>', 'index directory')
  outputFlags(command)
  example(command, 'clara-index info my-index')
  return command.action(async (dir: string, flags: OutputFlags) => {
    printResult(flags, { index: dir, ...summaryOf(await readManifest(dir)) })
  })
}
