/**
 * Builds the addon: `npm run build:native` for this checkout (native/build), with `-- --prebuilt` the
 * binary that is shipped for this platform (native/prebuilds/<platform>-<arch>), with `-- --sanitize` one that
 * stops at the first bad access: see bench/faults.
 * Needs a C++17 compiler: $CXX, c++, g++ or clang++.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const here = dirname(fileURLToPath(import.meta.url))
const prebuilt = process.argv.includes('--prebuilt')
const sanitize = process.argv.includes('--sanitize') && !prebuilt
const place = join(here, prebuilt ? `prebuilds/${process.platform}-${process.arch}` : 'build')

const compiler = [process.env.CXX, 'c++', 'g++', 'clang++']
  .filter((name) => name)
  .find((name) => spawnSync(name, ['--version']).status === 0)
if (!compiler) {
  console.error(
    'no C++ compiler found ($CXX, c++, g++, clang++): the npm package of usearch serves in its place',
  )
  process.exit(2)
}
if (process.platform === 'win32') {
  console.error('the addon is not made for Windows: the npm package of usearch serves in its place')
  process.exit(2)
}

const sources = readdirSync(join(here, 'src'))
  .filter((name) => name.endsWith('.cpp'))
  .sort()
  .map((name) => join('src', name))
const usearch = join(dirname(require.resolve('usearch')), '../../..', 'include')
const system = {
  // What Node.js exports is looked up when the addon is loaded, not when it is first called.
  linux: ['-Wl,-z,now', '-Wl,--gc-sections', sanitize ? '-g' : '-s'],
  darwin: ['-undefined', 'dynamic_lookup'],
}
const output = join(place, 'clara-index.node')
const args = [
  ...['-std=c++17', '-O3', '-fPIC', '-shared', '-fvisibility=hidden', '-pthread'],
  ...['-Wall', '-Wextra', '-Wno-uninitialized', '-Wno-maybe-uninitialized'], // GCC 12 warns of its own intrinsics
  ...['-DNAPI_VERSION=8', `-I${require('node-api-headers').include_dir}`, '-isystem', usearch],
  ...(sanitize ? ['-O1', '-fno-omit-frame-pointer', '-fsanitize=address,undefined'] : []),
  ...sources,
  ...['-o', `${output}.new`],
  ...(system[process.platform] ?? []),
]
mkdirSync(place, { recursive: true })
const { status } = spawnSync(compiler, args, { cwd: here, stdio: 'inherit' })
if (status !== 0) {
  rmSync(`${output}.new`, { force: true })
  process.exit(status ?? 2)
}
renameSync(`${output}.new`, output)
// A test compares it with the sources: a shipped binary is never older than they are.
const hash = createHash('sha256')
for (const name of readdirSync(join(here, 'src')).sort()) hash.update(readFileSync(join(here, 'src', name)))
writeFileSync(join(place, 'sources.sha256'), `${hash.digest('hex')}\n`)
console.log(output.slice(here.length + 1))
