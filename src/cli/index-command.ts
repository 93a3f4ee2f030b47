/** clara-index: its subcommands, each in a file of its own. */
import { Command } from 'commander'
import { buildCommand } from './index-build-command.js'
import { infoCommand } from './index-info-command.js'
import { searchCommand } from './index-search-command.js'
import { verifyCommand } from './index-verify-command.js'

export function indexCommand(): Command {
  return new Command('index')
    .description('Builds an index over documents and searches it.')
    .addCommand(buildCommand())
    .addCommand(searchCommand())
    .addCommand(infoCommand())
    .addCommand(verifyCommand())
    .addHelpText('after', '\nExample:\n  $ clara-index build --input-file docs/ --output-dir my-index\n')
}
