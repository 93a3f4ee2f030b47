/** clara-models: list and rm; the others have files of their own. */
import { Command } from 'commander'
import { type InventoryItem, listModels } from '../models/inventory.js'
import { removeModel } from '../models/remove.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { installCudaCommand } from './models-cuda-command.js'
import { checkedBy, infoCommand } from './models-info-command.js'
import { pullCommand } from './models-pull-command.js'
import { verifyCommand } from './models-verify-command.js'
import { printResult } from './print-result.js'
import { megabytes, table } from './print-table.js'
import { createTalk } from './talk.js'
import { print } from './terminal.js'

export function modelsCommand(): Command {
  return new Command('models')
    .description('Fetches, checks and lists models. Only pull and install-cuda use the network.')
    .addCommand(listCommand())
    .addCommand(pullCommand())
    .addCommand(infoCommand())
    .addCommand(verifyCommand())
    .addCommand(rmCommand())
    .addCommand(installCudaCommand())
    .addHelpText('after', '\nExample:\n  $ clara-models pull bge-small-en-v1.5\n')
}

function listCommand(): Command {
  const command = new Command('list').description('every model that has a name, and whether it is here')
  outputFlags(command)
  example(command, 'clara-models list')
  return command.action(async (flags: OutputFlags) => {
    const models = await listModels()
    if (flags.json) return printResult(flags, { models })
    if (!flags.quiet) print(table([HEADER, ...models.map(row)]))
  })
}

const HEADER = ['name', 'kind', 'state', 'checked by', 'size', 'dims', 'tokens', 'languages', 'licence']

function row(item: InventoryItem): string[] {
  return [
    item.name,
    item.kind,
    item.state,
    checkedBy(item),
    item.bytes === null ? '?' : megabytes(item.bytes),
    String(item.dims ?? '-'),
    String(item.maxTokens),
    item.languages.join(','),
    item.licence,
  ]
}

function rmCommand(): Command {
  const command = new Command('rm')
    .description('remove a pulled model, or what an unfinished pull left')
    .argument('<name...>', 'of the cache; nothing else is touched')
  outputFlags(command)
  example(command, 'clara-models rm bge-small-en-v1.5')
  return command.action(async (names: string[], flags: OutputFlags) => {
    const talk = createTalk(flags)
    const models = []
    for (const name of names) {
      const removed = await removeModel(name)
      models.push(removed)
      talk.remark(removed.found ? `${name}: ${megabytes(removed.bytes)} freed` : `${name}: was not here`)
    }
    if (flags.json) printResult(flags, { models })
  })
}
