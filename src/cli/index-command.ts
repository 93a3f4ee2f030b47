/** clara-index: its subcommands, each in a file of its own. */
import { Command } from 'commander'
import { addCommand } from './index-add-command.js'
import { buildCommand } from './index-build-command.js'
import { compactCommand } from './index-compact-command.js'
import { infoCommand } from './index-info-command.js'
import { removeCommand } from './index-remove-command.js'
import { searchCommand } from './index-search-command.js'
import { verifyCommand } from './index-verify-command.js'

export function indexCommand(): Command {
  return new Command('index')
    .description('Builds an index over documents, changes it and searches it.')
    .addCommand(buildCommand())
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(compactCommand())
    .addCommand(searchCommand())
    .addCommand(infoCommand())
    .addCommand(verifyCommand())
    .addHelpText('after', '\nExample:\n  $ clara-index build --input-file docs/ --output-dir my-index\n')
}
