/** clara-models verify */
import { Command } from 'commander'
import { tryModel } from '../inference/try-model.js'
import { hashFiles, type Verification, type VerifyStep, verifyModel } from '../models/verify.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { print } from './terminal.js'

/** In this order; a model whose bytes are wrong is not run. */
const STEPS: readonly VerifyStep[] = [hashFiles, tryModel]

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'hash every file and compare with the card, then try the model; exit code 1 when something is wrong',
    )
    .argument('<model...>', 'names, or folders with card.json')
  outputFlags(command)
  example(command, 'clara-models verify all-minilm-l6-v2')
  return command.action(async (models: string[], flags: OutputFlags) => {
    const verified: Verification[] = []
    for (const model of models) verified.push(await verifyModel(model, STEPS))
    const ok = verified.every(({ findings }) => findings.length === 0)
    if (flags.json) printResult(flags, { ok, models: verified })
    else if (!flags.quiet) print(verified.flatMap(lines))
    process.exitCode = ok ? EXIT.ok : EXIT.findings
  })
}

function lines({ name, folder, files, findings }: Verification): string[] {
  if (findings.length === 0) return [`${name}: ${files} files as the card says, and it works`]
  return findings.map(({ path, reason }) => `${folder}/${path}: ${reason}`)
}
