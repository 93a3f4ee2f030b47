/** ORT_DISABLE_TELEMETRY stands where native code sees it; what ONNX Runtime reads of a long command line kills nobody. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { clara, workFolder } from '../cli/clara.js'

const work = workFolder()
const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs a program in the package's folder. @returns what it prints. */
function program(text: string, variable?: string, cwd = root): string {
  const { CI: _ci, ORT_DISABLE_TELEMETRY: _variable, ...env } = process.env
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
    cwd,
    env: { ...env, ...(variable !== undefined && { ORT_DISABLE_TELEMETRY: variable }) },
  })
  return stdout + stderr
}

/** The environment of the process, whatever a thread's `process.env` says. */
const PRINT = `console.log(JSON.stringify(process.report.getReport().environmentVariables.ORT_DISABLE_TELEMETRY))`

/** The library is imported in a worker thread alone. */
const inWorker = (options: string, specifier = 'clara-topk') => `
  import { Worker } from 'node:worker_threads'
  const code = 'import(${JSON.stringify(specifier)}).catch((e) => console.log(e.code, e.message))'
  new Worker(code, { eval: true, ...${options} }).on('exit', () => { ${PRINT} })`

describe('the environment of the process', () => {
  test.each([
    ['it is set', undefined, '1'],
    ['a user who has set it is left alone', '0', '0'],
    ['whatever it was set to', 'later', 'later'],
    ['even to nothing', '', ''],
  ])('%s', (_, variable, expected) => {
    expect(program(`await import('clara-topk')\n${PRINT}`, variable)).toBe(`"${expected}"\n`)
  })

  test.skipIf(process.platform === 'win32')('it is set where a program has replaced process.env', () => {
    const replaced = `process.env = { ...process.env }`
    expect(program(`${replaced}\nawait import('clara-topk')\n${PRINT}`)).toBe('"1"\n')
    const own = `${replaced}\nprocess.env.ORT_DISABLE_TELEMETRY = '0'`
    expect(program(`${own}\nawait import('clara-topk')\n${PRINT}`)).toBe('"0"\n')
  })

  test.skipIf(process.platform === 'win32').each([
    ['set', '{}', undefined, '1'],
    ['set where the worker shares it', '{ env: SHARE_ENV }', undefined, '1'],
    ['set where the worker has one of its own', '{ env: {} }', undefined, '1'],
    ['as the program has set it for its worker', `{ env: { ORT_DISABLE_TELEMETRY: '0' } }`, undefined, '0'],
    ['left as the user has it', '{ env: {} }', '0', '0'],
  ])('by an import in a worker thread: %s', (_, options, variable, expected) => {
    const text = `import { SHARE_ENV } from 'node:worker_threads'\n${inWorker(options)}`
    expect(program(text, variable)).toBe(`"${expected}"\n`)
  })

  test.skipIf(process.platform === 'win32')(
    'where a worker cannot set it, its import says what to do',
    () => {
      // The package without its addon.
      const folder = join(work, 'no-addon')
      mkdirSync(join(folder, 'dist'), { recursive: true })
      for (const name of ['package.json', 'dist/errors.js', 'dist/runtime'])
        cpSync(join(root, name), join(folder, name), { recursive: true })
      const said = program(inWorker('{}', './dist/runtime/telemetry.js'), undefined, folder)
      expect(said).toMatch(/^usage clara-topk is imported in a worker thread, which cannot set /)
      expect(said).toContain('import clara-topk on the main thread, before the worker is started')
      const onMain = `await import('./dist/runtime/telemetry.js')\n${inWorker('{}', './dist/runtime/telemetry.js')}`
      expect(program(onMain, undefined, folder)).toBe('"1"\n')
    },
  )
})

/** Without CI, with which ONNX Runtime reads no command line. */
const asUser = ['env', ['-u', 'CI', '-u', 'ORT_DISABLE_TELEMETRY', process.execPath]] as const
const claraAsUser = (args: string[]) =>
  clara([], { command: [asUser[0], ...asUser[1], join(root, 'dist/cli/clara.js'), ...args] })

describe.skipIf(process.platform === 'win32')('a command line of 100,000 characters', () => {
  test('2,000 files, then a query', async () => {
    const [folder, index] = [join(work, 'many'), join(work, 'index')]
    mkdirSync(folder)
    const files = Array.from({ length: 2000 }, (_, i) => join(folder, `a-document-of-a-long-name-${i}.md`))
    for (const [i, file] of files.entries()) writeFileSync(file, `Pump number ${i} is in house ${i}.\n`)
    const built = await claraAsUser([
      'index',
      'build',
      '--output-dir',
      index,
      '--json',
      '--input-file',
      ...files,
    ])
    expect(built).toMatchObject({ code: 0, signal: null })
    expect(JSON.parse(built.stdout)).toMatchObject({ documents: 2000 })
    const query = 'Which house is the pump in? '.repeat(3600)
    const found = await claraAsUser(['index', 'search', index, '--query', query, '--json'])
    expect(found).toMatchObject({ code: 0, signal: null })
    expect(JSON.parse(found.stdout)).toBeTruthy()
  })
})
