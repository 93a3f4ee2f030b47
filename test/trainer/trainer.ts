/** check.py, the model of the trainer, where Python has what it wants. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** `.ci/run` makes the folder; a python3 that has the package does as well. */
function findPython(): string | undefined {
  const pythons = [here('.venv/bin/python'), 'python3'].filter(
    (name) => !name.includes('/') || existsSync(name),
  )
  return pythons.find((python) => spawnSync(python, ['-c', 'import sentencepiece']).status === 0)
}

const python = findPython()
export const isInstalled = python !== undefined

export const HOW_TO_INSTALL =
  'test/trainer is left out: python3 -m venv test/trainer/.venv && test/trainer/.venv/bin/pip install -r test/trainer/requirements.txt'

export function checkTraining(folders: string | readonly string[], ...flags: string[]) {
  const words = [here('check.py'), ...[folders].flat(), ...flags]
  const { status, stdout, stderr } = spawnSync(python!, words, {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
    maxBuffer: 1 << 26,
  })
  if (stderr !== '') throw new Error(stderr)
  return { status, stdout, wrong: stdout.split('\n').filter((line) => line.includes(': WRONG: ')) }
}
