/** The end of a mining run: counts, and what deserves a look. */
import { join } from 'node:path'
import { DATA_FILE, type RunReport } from '../samples/write.js'
import type { OutputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import type { Talk } from './talk.js'

export function printRun(
  flags: OutputFlags,
  talk: Talk,
  directory: string,
  report: RunReport,
  more: object = {},
): void {
  talk.finish()
  if (report.without_answer > 0) {
    talk.remark(
      `warning: ${report.without_answer} samples have no answer (BEIR has none); end-to-end training needs one`,
    )
  }
  printResult(flags, { output: join(directory, DATA_FILE), ...report, ...more, bad_records: talk.problems() })
  process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
}
