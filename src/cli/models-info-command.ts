/** clara-models info */
import { Command } from 'commander'
import type { Level, ModelCard } from '../models/card.js'
import { type CatalogueEntry, entryFiles, findEntry } from '../models/catalogue.js'
import { describeCard, describeEntry, type InventoryItem } from '../models/inventory.js'
import { locateModel } from '../models/resolve.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { printResult } from './print-result.js'

export function infoCommand(): Command {
  const command = new Command('info')
    .description('what is known of a model, be it here or not')
    .argument('<model>', 'a name, or a folder with card.json')
  outputFlags(command)
  example(command, 'clara-models info bge-small-en-v1.5')
  return command.action(async (nameOrPath: string, flags: OutputFlags) => {
    const entry = findEntry(nameOrPath)
    const item = entry && (await describeEntry(entry))
    if (item && item.state !== 'cached') {
      const result = flags.json ? { ...item, entry } : lines(item, entry, entryFiles(entry))
      printResult(flags, result)
    } else {
      const model = await locateModel(nameOrPath)
      const found = describeCard(model)
      const result = flags.json ? { ...found, card: model.card } : lines(found, model.card, model.card.files)
      printResult(flags, result)
    }
  })
}

/** The three levels in words; a revision that may move is named, whatever the level. */
export function checkedBy({ verified, pinned, state }: InventoryItem): string {
  const words = {
    pinned: 'pinned sha256',
    hub: state === 'cached' ? "the hub's sha256" : "the hub's sha256, if any",
    unverified: 'not verified by sha256',
  }
  const how = verified ? words[verified] : state === 'embedded' ? 'shipped, nothing to fetch' : 'its own card'
  return pinned ? how : `${how}; revision not pinned`
}

interface ShownFile {
  path: string
  bytes?: number
  sha256?: string
  verified?: Level
}

function lines(item: InventoryItem, facts: CatalogueEntry | ModelCard, files: ShownFile[]): object {
  const { bytes, verified: _verified, pinned: _pinned, ...rest } = item
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)),
    checked_by: checkedBy(item),
    size: bytes === null ? 'the hub has to be asked' : `${bytes} bytes`,
    ...use(facts),
    ...Object.fromEntries(files.map((file) => [file.path, fileLine(file)])),
  }
}

function use(facts: CatalogueEntry | ModelCard): object {
  if (facts.kind === 'reranker') return { labels: facts.labels }
  const { pooling, normalised } = facts
  const prefixes = { query: facts.queryPrefix, document: facts.documentPrefix } // a blank at the end counts
  return {
    pooling,
    normalised,
    prefixes,
    ...(facts.lowercase !== undefined && { lowercase: facts.lowercase }),
  }
}

function fileLine({ bytes, sha256, verified }: ShownFile): string {
  const size = bytes === undefined ? 'size unknown' : `${bytes} bytes`
  const hash = sha256 === undefined ? 'no sha256 known' : `sha256 ${sha256}`
  return [size, hash, verified].filter((part) => part !== undefined).join(', ')
}
