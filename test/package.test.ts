/** What npm makes of the package: what is in it, what an installation runs and says. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { workFolder } from './cli/clara.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const work = workFolder()
const isWindows = process.platform === 'win32'
const json = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'))

function npm(args: string[], cwd: string) {
  // What the npm around says to the scripts that it runs is not for this one.
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))
  return spawnSync('npm', args, {
    encoding: 'utf8',
    cwd,
    shell: isWindows,
    env: Object.fromEntries(inherited),
  })
}

test('the package holds what the commands need, and nothing that was left lying about', () => {
  const folder = join(work, 'package')
  for (const name of [
    'package.json',
    '.npmrc',
    '.gitignore',
    'README.md',
    'LICENSE',
    'dist',
    'docs',
    'native',
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['demo.mjs', 'qa.jsonl', 'raw_knowledge.jsonl'])
    cpSync(join(root, 'example', name), join(folder, 'example', name))
  for (const stray of ['example/output/out', 'native/build', 'models/other', 'bench']) {
    mkdirSync(join(folder, stray), { recursive: true })
    writeFileSync(join(folder, stray, 'stray.jsonl'), '{}\n')
  }
  const { stdout, status } = npm(['pack', '--dry-run', '--ignore-scripts', '--json'], folder)
  expect(status).toBe(0)
  const [listed] = Object.values(JSON.parse(stdout) as Record<string, { files: { path: string }[] }>)
  const paths = listed!.files.map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining(['dist/index.js', 'native/src/addon.cpp', 'example/qa.jsonl']))
  expect(paths.filter((path) => /stray|\.map$|\.tgz$|^test|^src|^bench/.test(path))).toEqual([])
  // A map without its source, or its name in a file, sends a debugger nowhere.
  const maps = paths.filter((path) => path.endsWith('.js') && path.startsWith('dist/'))
  for (const path of maps)
    expect(readFileSync(join(root, path), 'utf8'), path).not.toContain('sourceMappingURL=')
})

test.skipIf(isWindows)('each command can be run by its name after a build', () => {
  for (const [name, path] of Object.entries<string>(json('package.json').bin)) {
    expect(statSync(join(root, path)).mode & 0o111, name).toBe(0o111) // `npm link` sees to it only once
    const { status, stderr } = spawnSync(join(root, path), ['--version'], { encoding: 'utf8' })
    expect({ status, stderr }, name).toEqual({ status: 0, stderr: '' })
  }
})

test("npm knows each setting of the project's .npmrc", () => {
  const { stderr, status } = npm(['config', 'get', 'save-exact'], root)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
})

test('an installation runs the scripts that it is told of, and never the download of CUDA', () => {
  const { allowScripts } = json('package.json')
  const { packages } = json('package-lock.json') as { packages: Record<string, { hasInstallScript?: true }> }
  expect(allowScripts['onnxruntime-node']).toBe(false) // npm 11 asks here
  const scripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
  // npm 10 and npm 11 run what the lock marks. npm writes the mark when it resolves the package anew: take it out again.
  expect(scripts).not.toContain('onnxruntime-node')
  for (const name of scripts) expect(allowScripts[name], name).toBe(true)
})

test('of every package that comes along it is said what it does to the world', () => {
  const page = readFileSync(join(root, 'docs/privacy.md'), 'utf8')
  const { packages } = json('package-lock.json') as { packages: Record<string, { dev?: true }> }
  const names = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
  const families = /^(d3-|bare-|@napi-rs\/canvas-)/
  expect(names.filter((name) => !families.test(name) && !page.includes(name))).toEqual([])
})

test('what the addon is built with comes with the package', () => {
  expect(Object.keys(json('package.json').dependencies)).toEqual(
    expect.arrayContaining(['node-api-headers', 'usearch']),
  )
})
