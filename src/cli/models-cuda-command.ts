/** clara-models install-cuda */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { installCuda, planCuda } from '../inference/install-cuda.js'
import { isOffline } from '../models/hub-settings.js'
import { example, type OutputFlags, outputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { onInterrupt } from './run-cli.js'
import { createTalk } from './talk.js'
import { print, tell } from './terminal.js'

interface CudaFlags extends OutputFlags {
  force?: boolean
}

export function installCudaCommand(): Command {
  const command = new Command('install-cuda')
    .description(
      'Runs the install script of onnxruntime-node, which downloads its CUDA libraries. Needs CUDA 12 and cuDNN 9 on the system.',
    )
    .option('--force', 'download again what is there')
  outputFlags(command)
  example(command, 'clara-models install-cuda')
  return command.action(async (flags: CudaFlags) => {
    const talk = createTalk(flags)
    const plan = planCuda()
    const there = plan.present.length === plan.files.length && !flags.force
    if (there) talk.remark('the CUDA libraries are here already; --force downloads them again')
    else if (isOffline()) throw new ClaraError('network', `offline: ${plan.feed} is needed`)
    else {
      talk.remark(`downloading ${plan.packages.join(', ')} (some hundred MB) from ${plan.feed}`)
      talk.remark('the script checks no hash; it is fetched over https')
      onInterrupt('run it again with --force: a library may be incomplete')
    }
    const { version, files } = there ? plan : await installCuda(flags.force ?? false, tell)
    talk.remark('CUDA 12 and cuDNN 9 must be on the system, where its loader finds them (LD_LIBRARY_PATH)')
    if (flags.json) return printResult(flags, { onnxruntime: version, files })
    if (!flags.quiet) print(files)
  })
}
