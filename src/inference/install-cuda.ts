/**
 * ONNX Runtime's CUDA libraries are not in its npm package: its own install script downloads them.
 * Ours runs that script on demand, so that an installation does not fail where its feed is out of reach.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ClaraError } from '../errors.js'

const require = createRequire(import.meta.url)

interface CudaPlan {
  /** Of the package that is installed. */
  version: string
  /** What is downloaded, and from where. */
  packages: string[]
  feed: string
  /** Where each library goes. */
  files: string[]
  /** Those that are there. */
  present: string[]
}

/** @throws ClaraError `usage` where there is no CUDA build for this platform. */
export function planCuda(): CudaPlan {
  const root = dirname(require.resolve('onnxruntime-node/package.json'))
  const { version } = require('onnxruntime-node/package.json')
  const { manifests, packages, feeds } = require('onnxruntime-node/script/install-metadata.js')
  const platform = `${process.platform}/${process.arch}`
  const manifest = manifests[`${platform}:cuda12`] as Record<string, { package: string }> | undefined
  if (!manifest) {
    throw new ClaraError(
      'usage',
      `onnxruntime-node ${version} has no CUDA build for ${platform}, only for linux/x64`,
    )
  }
  const files = Object.keys(manifest).map((name) => join(root, 'bin/napi-v6', platform, name))
  const names = new Set(Object.values(manifest).map((file) => file.package))
  return {
    version,
    packages: Array.from(names, (name) => `${packages[name].name} ${packages[name].versions[0].version}`),
    feed: feeds.nuget.index,
    files,
    present: files.filter((file) => existsSync(file)),
  }
}

/**
 * @param onLine is told what the script prints.
 * @throws ClaraError `network` when it fails or a library is still missing.
 */
export async function installCuda(force: boolean, onLine: (line: string) => void): Promise<CudaPlan> {
  const script = require.resolve('onnxruntime-node/script/install.js')
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      env: environment(force),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine)
    child.on('error', reject)
    child.on('close', resolve)
  })
  const plan = planCuda()
  const missing = plan.files.filter((file) => !plan.present.includes(file))
  if (code === 0 && missing.length === 0) return plan
  const what = code === 0 ? 'ended without an error' : `failed with code ${code}`
  throw new ClaraError(
    'network',
    `onnxruntime-node's install script ${what}; missing: ${missing.join(', ') || 'nothing'}: is ${plan.feed} within reach? The CPU works as before`,
  )
}

/**
 * The script reads its flag from here before npm's settings. Version 1.30 takes `cuda12` as if nothing
 * was said: it installs what is missing, but nothing if npm's variables say that a script of the
 * project around is running; hence none of them. `true` fetches even what is there.
 */
function environment(force: boolean): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))
  return {
    ...Object.fromEntries(inherited),
    ONNXRUNTIME_NODE_INSTALL: force ? 'true' : 'cuda12',
    GLOBAL_AGENT_ENVIRONMENT_VARIABLE_NAMESPACE: '', // HTTPS_PROXY, as everywhere else
  }
}
