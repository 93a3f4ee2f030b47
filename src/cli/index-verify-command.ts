/** clara-index verify */
import { Command } from 'commander'
import { verifyIndex } from '../index/verify.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { summaryOf } from './index-summary.js'
import { printResult } from './print-result.js'

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('hash every file, and check that they fit each other')
    .argument('<dir>', 'index directory')
  outputFlags(command)
  example(command, 'clara-index verify my-index')
  return command.action(async (dir: string, flags: OutputFlags) => {
    printResult(flags, { index: dir, ok: true, ...summaryOf(await verifyIndex(dir)) })
  })
}
