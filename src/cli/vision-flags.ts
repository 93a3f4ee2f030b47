/** Which model describes images. */
import type { Command } from 'commander'
import type { DescribeCounts, Describer } from '../questions/describe-image.js'
import type { Settings } from './dot-env.js'
import { addressOf } from './endpoint-address.js'
import { type SpendingFlags, spendingFlags, spendingOf } from './endpoint-flags.js'
import { wholeNumber } from './flags.js'
import { type RequestParamFlags, requestParamFlag } from './request-params.js'
import type { Talk } from './talk.js'

export interface VisionFlags extends SpendingFlags, RequestParamFlags {
  visionModel?: string | undefined
  baseUrl?: string
  apiKeyFile?: string
  visionConcurrency: number
  visionTimeout: number
}

/** What only --vision-model makes use of. */
export const OF_VISION = [
  'baseUrl',
  'apiKeyFile',
  'visionConcurrency',
  'visionTimeout',
  'budgetUsd',
  'priceInput',
  'priceOutput',
  'requestParam',
]

interface Vision {
  describe: Describer['describe']
  counts: DescribeCounts
  journalPath: string
  close(): Promise<void>
}

export function visionFlags(command: Command): Command {
  command
    .option(
      '--vision-model <name>',
      'have this model describe images (default: $VISION_MODEL); none: they stay undescribed',
    )
    .option('--base-url <url>', 'its endpoint (default: $OPENAI_BASE_URL, $BASE_URL, or OpenAI)')
    .option('--api-key-file <file>', 'file with the key, - for stdin (default: $OPENAI_API_KEY)')
    .option('--vision-concurrency <n>', 'images at once, at most: it adapts', wholeNumber(1, 256), 8)
    .option('--vision-timeout <seconds>', 'for one image', wholeNumber(1, 300), 120)
  return spendingFlags(requestParamFlag(command))
}

/** @throws ClaraError `usage` where a setting is missing, `input` where a file cannot be read. */
export async function openVision(
  flags: VisionFlags,
  outputFile: string,
  setting: Settings,
  talk: Talk,
): Promise<Vision | undefined> {
  const { visionModel: model } = flags
  if (model === undefined) return undefined
  const { openDescriber } = await import('../questions/describe-image.js') // the client is slow to load
  const { baseUrl, apiKey } = await addressOf(flags, { setting, model, needsKey: true, talk })
  const journalPath = `${outputFile}.descriptions`
  const timeoutMs = flags.visionTimeout * 1000
  const { requestParam: requestParams, visionConcurrency: concurrency } = flags
  const endpoint = { model, baseUrl, apiKey, timeoutMs, concurrency, requestParams }
  const { describe, counts, close } = await openDescriber(endpoint, journalPath, spendingOf(flags, model))
  return { describe, counts, journalPath, close }
}
