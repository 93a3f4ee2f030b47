/** clara-report: one HTML file about a run, to look at before its data is used. */
import { join } from 'node:path'
import { Command } from 'commander'
import { openTokenizer } from '../inference/open-tokenizer.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '../models/resolve.js'
import type { RunNumbers } from '../samples/report/numbers.js'
import { DEFAULT_REPORT, reportRun } from '../samples/report/report.js'
import { example, type OutputFlags, outputFlags, wholeNumber } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { createTalk } from './talk.js'

interface ReportFlags extends OutputFlags {
  inputDir: string
  outputFile?: string
  index?: string
  resultFile?: string
  samples: number
  seed: number
  overwrite?: boolean
}

export function reportCommand(): Command {
  const command = new Command('report')
    .description(
      'Makes one HTML file about a run: scores, false negatives caught, lengths, cost, samples to read.',
    )
    .requiredOption('--input-dir <dir>', '--output-dir of clara-mine or clara-synth')
    .option('--output-file <file>', `where the report goes (default: ${DEFAULT_REPORT} in that directory)`)
    .option('--index <dir>', 'of clara-index build: for texts that stand in no sample')
    .option('--result-file <file>', 'what the run printed with --json: its times and calls')
    .option('--samples <n>', 'samples to read', wholeNumber(0, 1000), 50)
    .option('--seed <n>', 'of the choice of samples', wholeNumber(0), 42)
    .option('--overwrite', 'replace an output file that is no report')
  outputFlags(command)
  example(command, 'clara-report --input-dir out --output-file report.html')
  return command.action(report)
}

async function report(flags: ReportFlags): Promise<void> {
  const talk = createTalk(flags)
  const { inputDir, samples: shown, outputFile = join(inputDir, DEFAULT_REPORT), ...options } = flags
  const tokenizer = await openTokenizer(await resolveEmbedder(DEFAULT_EMBEDDER))
  try {
    const numbers = await reportRun(inputDir, {
      ...options,
      outputFile,
      shown,
      countTokens: tokenizer.countTokens,
      onProblem: talk.onProblem,
    })
    talk.finish()
    for (const missing of numbers.missing) talk.remark(missing)
    printResult(
      flags,
      flags.json ? { output: outputFile, ...numbers } : { output: outputFile, ...headline(numbers) },
    )
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
  } finally {
    await tokenizer.close()
  }
}

function headline({ samples, top_k, caught, bad_records }: RunNumbers): object {
  return { samples, top_k, caught: caught.total, bad_records }
}
