/** What the commands that write samples take to write them in further formats. */
import { type Command, Option } from 'commander'
import { FORMATS, type Format } from '../samples/formats/formats.js'

export interface FormatFlags {
  format?: Format[]
  parquet?: boolean
}

export function formatFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--format <name...>', 'further formats of the samples, beside CLaRa’s own').choices(FORMATS),
    )
    .option('--parquet', 'write a .parquet beside each .jsonl of samples')
}

export function formatsOf({ format = [], parquet = false }: FormatFlags) {
  return { formats: format, parquet }
}
