/** clara-index remove */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { readSmallText } from '../files/open-source.js'
import { removeDocuments } from '../index/remove.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { summaryOf } from './index-summary.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { createTalk } from './talk.js'
import { tell } from './terminal.js'

interface RemoveFlags extends OutputFlags {
  id?: string[]
  idsFile?: string
  overwrite?: boolean
}

export function removeCommand(): Command {
  const command = new Command('remove')
    .description('Removes documents. Their chunks are found no more; compact gives their room back.')
    .argument('<dir>', 'index directory')
    .option('--id <id...>', 'of a document')
    .option('--ids-file <file>', 'ids of documents, one a line')
    .option('--overwrite', 'give up unfinished work of another command')
  outputFlags(command)
  example(command, 'clara-index remove my-index --id old.md')
  return command.action(async (directory: string, flags: RemoveFlags) => {
    const talk = createTalk(flags)
    const { manifest, documents, chunks, unknown } = await removeDocuments(directory, await idsOf(flags), {
      overwrite: flags.overwrite ?? false,
    })
    for (const id of unknown.slice(0, TOLD)) tell(`no document ${JSON.stringify(id)}`)
    if (unknown.length > TOLD) tell(`… and ${unknown.length - TOLD} more that are not there`)
    talk.remark(`${documents} documents removed, ${chunks} chunks`)
    printResult(flags, {
      index: directory,
      removed_documents: documents,
      removed_chunks: chunks,
      unknown_ids: unknown.length,
      ...summaryOf(manifest),
    })
    process.exitCode = unknown.length > 0 ? EXIT.findings : EXIT.ok
  })
}

const TOLD = 20

async function idsOf({ id = [], idsFile }: RemoveFlags): Promise<string[]> {
  const text = idsFile === undefined ? '' : await readSmallText(idsFile)
  const ids = [...id, ...text.split(/\r?\n/).filter((line) => line !== '')]
  if (ids.length === 0)
    throw new ClaraError('usage', 'remove needs --id ID or --ids-file FILE, with an id in it')
  return ids
}
