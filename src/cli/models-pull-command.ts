/** clara-models pull */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { type CatalogueEntry, findEntry } from '../models/catalogue.js'
import { isOffline, readHubSettings } from '../models/hub-settings.js'
import { type Pulled, pullModel } from '../models/pull.js'
import { EMBEDDED_NAMES, unknownModel } from '../models/resolve.js'
import { example, type OutputFlags, outputFlags, wholeNumber } from './flags.js'
import { printResult } from './print-result.js'
import { megabytes, table } from './print-table.js'
import { onInterrupt } from './run-cli.js'
import { createTalk, type Talk } from './talk.js'
import { print } from './terminal.js'

interface PullFlags extends OutputFlags {
  endpoint?: string
  revision?: string
  fromDir?: string
  offline?: boolean
  force?: boolean
  tokenFile?: string
  timeout: number
}

export function pullCommand(): Command {
  const command = new Command('pull')
    .description(
      'Downloads models into the cache, each whole and checked or not at all; an interrupted download goes on where it was.',
    )
    .argument('<name...>', 'see clara-models list')
    .option(
      '--endpoint <hub>',
      'huggingface, hf-mirror, modelscope, or a URL with Hugging Face’s paths (default: $HF_ENDPOINT, else huggingface)',
    )
    .option(
      '--from-dir <dir>',
      'take the files from a folder, without network: a repository, a heap of downloads, a cache of huggingface_hub or ModelScope',
    )
    .option('--revision <rev>', 'branch, tag or commit, instead of the catalogue’s')
    .option('--offline', 'no network (also: CLARA_OFFLINE=1 or HF_HUB_OFFLINE=1)')
    .option('--force', 'pull again what is here')
    .option(
      '--token-file <file>',
      'file with an access token (default: $HF_TOKEN for huggingface, $MODELSCOPE_API_TOKEN for modelscope)',
    )
    .option('--timeout <seconds>', 'longest silence of the hub', wholeNumber(1, 3600), 60)
  outputFlags(command)
  command.addHelpText(
    'after',
    '\nProxies: $HTTPS_PROXY, $NO_PROXY; their root certificate: $NODE_EXTRA_CA_CERTS. Cache: $CLARA_CACHE_DIR.',
  )
  example(
    command,
    'clara-models pull bge-small-en-v1.5 ms-marco-minilm-l6-v2',
    'clara-models pull bge-small-zh-v1.5 --endpoint hf-mirror',
    'clara-models pull bge-m3 --from-dir /media/stick/bge-m3',
  )
  return command.action(async (names: string[], flags: PullFlags) => {
    const entries = entriesOf(names)
    checkFlags(names, flags)
    const { remark, ...settings } = readHubSettings(flags)
    const offline = flags.offline || isOffline()
    const talk = createTalk(flags)
    if (remark && !offline && flags.fromDir === undefined) talk.remark(remark)
    onInterrupt('what came so far is kept; run the same command again to go on')
    const models: Pulled[] = []
    for (const entry of entries) {
      const pulled = await pullModel(entry, {
        ...settings,
        offline,
        fromDir: flags.fromDir,
        revision: flags.revision,
        force: flags.force ?? false,
        timeoutMs: flags.timeout * 1000,
        onRemark: talk.remark,
        onProgress: progressOf(talk, entry.name),
      })
      talk.finish()
      models.push(pulled)
    }
    report(flags, talk, models)
  })
}

function entriesOf(names: string[]): CatalogueEntry[] {
  return [...new Set(names)].map((name) => {
    const entry = findEntry(name)
    if (entry) return entry
    if (EMBEDDED_NAMES.includes(name))
      throw new ClaraError('usage', `${name}: comes with this package: there is nothing to pull`)
    throw new ClaraError('usage', unknownModel(name))
  })
}

function checkFlags(names: string[], { fromDir, revision }: PullFlags): void {
  const single = fromDir === undefined ? revision && '--revision' : '--from-dir'
  if (single && names.length > 1) throw new ClaraError('usage', `${single} is of one model: name one`)
  if (fromDir !== undefined && revision !== undefined) {
    throw new ClaraError('usage', '--revision asks the hub, which --from-dir does without: pass one of them')
  }
}

function progressOf(talk: Talk, name: string): (path: string, done: number, bytes: number) => void {
  const show = talk.progress()
  let current = ''
  let start = performance.now()
  let before = 0
  return (path, done, bytes) => {
    if (path !== current) {
      current = path
      start = performance.now()
      before = done
    }
    show(() => {
      const rate = (done - before) / Math.max(0.001, (performance.now() - start) / 1000)
      const all = bytes ? ` of ${megabytes(bytes)}` : ''
      return `${name}: ${path}: ${megabytes(done)}${all}, ${megabytes(rate)}/s`
    })
  }
}

function report(flags: PullFlags, talk: Talk, models: Pulled[]): void {
  for (const { name, present, verified } of models) {
    if (present) talk.remark(`${name}: was here already`)
    if (verified === 'unverified') {
      talk.remark(
        `${name}: not verified by sha256: no source states one for every file; clara-models info ${name} tells which`,
      )
    }
  }
  if (flags.json) printResult(flags, { models })
  else if (!flags.quiet) {
    print(table(models.map(({ name, bytes, folder }) => [name, megabytes(bytes), folder])))
  }
}
