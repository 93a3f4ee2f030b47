/** clara-validate: is this data fit to train on? */
import { Command } from 'commander'
import { openTokenizer } from '../inference/open-tokenizer.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '../models/resolve.js'
import { renderReport } from '../samples/validate/report.js'
import { validateSamples } from '../samples/validate.js'
import { example, type OutputFlags, outputFlags, wholeNumber } from './flags.js'
import { EXIT } from './run-cli.js'
import { createTalk } from './talk.js'

interface ValidateFlags extends OutputFlags {
  inputFile: string
  expectedTopK?: number
  docMaxTokens?: number
}

export function validateCommand(): Command {
  const command = new Command('validate')
    .description('Checks end_to_end_data.jsonl; exit code 1 when there are findings.')
    .requiredOption('--input-file <file>', 'end_to_end_data.jsonl')
    .option('--expected-top-k <k>', 'documents that every sample must have', wholeNumber(2, 1000))
    .option(
      '--doc-max-tokens <n>',
      'report documents longer than this (tokens of the default embedder)',
      wholeNumber(1),
    )
  outputFlags(command)
  example(command, 'clara-validate --input-file out/end_to_end_data.jsonl --expected-top-k 5')
  return command.action(async ({ inputFile, expectedTopK, docMaxTokens, ...flags }: ValidateFlags) => {
    const talk = createTalk(flags)
    const tokenizer =
      docMaxTokens === undefined ? undefined : await openTokenizer(await resolveEmbedder(DEFAULT_EMBEDDER))
    try {
      const report = await validateSamples(inputFile, {
        onProblem: talk.onProblem,
        ...(expectedTopK !== undefined && { expectedTopK }),
        ...(docMaxTokens !== undefined && tokenizer && { docMaxTokens, countTokens: tokenizer.countTokens }),
      })
      talk.finish()
      process.stdout.write(`${flags.json ? JSON.stringify(report) : renderReport(report)}\n`)
      process.exitCode = report.ok ? EXIT.ok : EXIT.findings
    } finally {
      await tokenizer?.close()
    }
  })
}
