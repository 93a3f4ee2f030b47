/**
 * Every command of the guides is run, in the order in which it stands there, in a folder as the guide assumes it. The LLM is a local
 * stand-in. A command that is not built yet is passed over, and is run as soon as it is.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '#clara/cli/commands.js'
import { type LlmServer, startLlmServer } from '../llm-server.js'
import { clara, example, readRows, workFolder } from './clara.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a guide may be run with beside our commands. */
const SHELL = /^(export \w+=\S+|mkdir|tar|sha256sum|cd)\b/

/** Blocks that are marked `sh elsewhere`: they need the network, GPUs or the trainer. */
const ELSEWHERE: Record<string, string[]> = {
  'quick-start': ['npm ci', 'npm link'],
  training: [
    'git clone https://github.com/apple/ml-clara',
    'python -m venv clara-env',
    '. clara-env/bin/activate',
    'python -m pip install -r requirements.txt',
    'python -m pip install --no-build-isolation wheel==0.45.1 flash-attn==2.8.3',
    'export TRAINER=$PWD/ml-clara GPUS=4',
    'bash train_stage1.sh',
    'bash train_stage2.sh',
    'bash train_stage3.sh',
    'python3 -m venv test/trainer/.venv',
    'test/trainer/.venv/bin/pip install -r test/trainer/requirements.txt',
    'test/trainer/.venv/bin/python test/trainer/check.py path/to/unpacked --trainer apple fork --gpus 1 2 4',
    'export PYTHONPATH=$TRAINER',
    `python -c "from datasets import load_dataset; from openrlhf.datasets.sft_dataset import preprocess_data; rows = load_dataset('json', data_files='end_to_end_data.jsonl')['train']; print(len([preprocess_data(row) for row in rows]), 'rows are taken')"`,
    'PYTHONPATH=$TRAINER python evaluate.py checkpoints/stage3 end_to_end_data.validation.jsonl --output answers.jsonl',
  ],
  'top-k': [
    'clara-synth --index my-index --output-dir out --local-embeddings --target-top-k 20',
    'clara-pack --input-dir out --output-file clara-data.tar.gz --expected-top-k 20 --generation-top-k 5',
  ],
  migration: [
    'clara-extract --input_dir raw_data --output_file raw_knowledge.jsonl --image_output_dir extracted_assets --vision-model qwen-vl-max',
    String.raw`sed -E 's/(\\n)*--- Extracted Images ---(\\n|\[IMAGE_REF:[^]]*\])*//g; s/\[IMAGE_REF:[^]]*\]/[image]/g' old.jsonl > clean.jsonl`,
    String.raw`jq -Rc '{_id: "line-\(input_line_number)", text: .}' documents.txt > documents.jsonl`,
    'clara-index build --input-file documents.jsonl --output-dir my-index',
  ],
  formats: [],
  validate: [],
  report: [],
  extract: [
    'export OPENAI_API_KEY=…',
    'clara-extract --input-dir handbooks/ --output-file raw_knowledge.jsonl --image-output-dir images/ --vision-model gpt-4o-mini',
    'clara-extract --input-dir handbooks/ --output-file raw_knowledge.jsonl --backend docling --docling-url http://localhost:5001',
  ],
}

/** What a guide begins with; `raw_knowledge.jsonl` is also there where clara-extract cannot make it yet. */
const GIVEN: Record<string, string[]> = {
  'quick-start': [],
  training: ['raw_knowledge', 'run'],
  'top-k': ['raw_knowledge'],
  migration: [],
  formats: ['raw_knowledge', 'index'],
  validate: ['raw_knowledge', 'run'],
  report: ['raw_knowledge', 'index', 'run'],
  extract: [],
}

interface Guide {
  name: string
  commands: string[]
  elsewhere: string[]
}

/** Lines of a guide’s blocks, those that go on joined. */
function read(name: string): Guide {
  const text = readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
  const guide: Guide = { name, commands: [], elsewhere: [] }
  for (const [, info, body] of text.matchAll(/^ *```sh(.*)\n([\s\S]*?)^ *```$/gm)) {
    const lines = body!
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    if (info!.trim() === 'elsewhere') guide.elsewhere.push(...lines)
    else guide.commands.push(...lines)
  }
  return guide
}

const guides = Object.keys(ELSEWHERE).map(read)
/** Those that are there in Chinese: with the same commands, they are run where the English ones are. */
const CHINESE = ['quick-start', 'top-k', 'migration'].map((name): [string, Guide, Guide] => [
  `zh/${name}`,
  read(`zh/${name}`),
  read(name),
])
const commandOf = (line: string) => /^clara-([a-z]+)\b/.exec(line)?.[1]
const isBuilt = (line: string) => commandOf(line) === undefined || commandOf(line)! in COMMANDS

describe('the guides', () => {
  it('hold no block that is not looked at', () => {
    for (const { name } of [...guides, ...CHINESE.map(([, guide]) => guide)]) {
      const text = readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
      for (const [, info] of text.matchAll(/^ *```(\S.*)$/gm)) expect(['sh', 'sh elsewhere']).toContain(info)
      // Commands stand in blocks only: what is indented by four blanks is not run.
      expect(text).not.toMatch(/^ {4,}clara[- ]/m)
    }
  })

  it.each(guides)('$name has commands of ours and of a shell only', ({ commands }) => {
    expect(commands.length).toBeGreaterThan(0)
    for (const line of commands) expect(line).toMatch(commandOf(line) === undefined ? SHELL : /^clara-/)
  })

  it.each(guides)('$name marks what cannot be run here, which is listed', ({ name, elsewhere }) => {
    expect(elsewhere).toEqual(ELSEWHERE[name])
  })

  it.each(CHINESE)('%s has the commands that are run here, in their order', (_, chinese, english) => {
    expect(chinese).toEqual({ ...english, name: chinese.name })
  })

  it('name no package script that is not there', () => {
    expect(Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).bin)).toEqual(
      expect.arrayContaining(Object.keys(COMMANDS).map((name) => `clara-${name}`)),
    )
  })

  it.each([...guides, ...CHINESE.map(([, guide]) => guide)])(
    '$name names only flags that are there',
    ({ name }) => {
      const text = readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
      const helps = readFileSync(join(root, 'docs/commands.md'), 'utf8') // the help of all commands, which a test compares
      const lines = [...text.matchAll(/`(clara-[a-z]+(?: [^`]*)?)`/g)].map(([, line]) => line!)
      for (const line of lines.filter(isBuilt)) {
        for (const [flag] of line.matchAll(/--[a-z][a-z_-]*/g)) {
          expect(helps, line).toContain(`${flag.replaceAll('_', '-')}`)
        }
      }
    },
  )
})

const work = workFolder()
const bin = join(work, 'bin')
let server: LlmServer
const env = () => ({
  OPENAI_API_KEY: 'sk-of-this-test',
  OPENAI_BASE_URL: server.url,
  PATH: `${bin}:${process.env.PATH}`,
})

beforeAll(async () => {
  server = await startLlmServer()
  mkdirSync(bin)
  for (const name of Object.keys(COMMANDS)) {
    const path = join(bin, `clara-${name}`)
    writeFileSync(
      path,
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli', `clara-${name}.js`)}' "$@"\n`,
    )
    chmodSync(path, 0o755)
  }
})
afterAll(() => server.close())

/** English documents of the example, as a person’s folder of files and as clara-extract would give them. */
function prepare(name: string, given: string[]): string {
  const folder = join(work, name)
  mkdirSync(join(folder, 'data'), { recursive: true })
  const records = readRows<{ filename: string; content: string }>(example('raw_knowledge.jsonl'))
    .filter(({ filename }) => !filename.includes('-zh'))
    .slice(0, 18)
  for (const place of ['documents', 'data/raw_documents', 'handbooks']) {
    mkdirSync(join(folder, place))
    for (const { filename, content } of records) writeFileSync(join(folder, place, filename), content)
  }
  if (given.includes('raw_knowledge') || !('extract' in COMMANDS)) {
    writeFileSync(
      join(folder, 'raw_knowledge.jsonl'),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    )
  }
  const names = new Set(records.map(({ filename }) => filename))
  const questions = readRows<{ doc_id: string }>(example('qa.jsonl')).filter(({ doc_id: id }) =>
    names.has(id),
  )
  writeFileSync(join(folder, 'qa.jsonl'), questions.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const cell = { cell_type: 'code', source: ['!x --dataset end_to_end_data.jsonl --generation_top_k 5\n'] }
  writeFileSync(join(folder, 'my-training.ipynb'), JSON.stringify({ cells: [cell] }))
  return folder
}

describe.each(guides)('$name', ({ name, commands }) => {
  it('does what it says, command by command', async () => {
    const given = GIVEN[name]!
    const folder = prepare(name, given)
    if (given.includes('index')) {
      const flags = ['--input-file', 'raw_knowledge.jsonl', '--output-dir', 'my-index', '--quiet']
      expect((await clara(['index', 'build', ...flags], { cwd: folder })).code).toBe(0)
    }
    if (given.includes('run')) {
      const flags = [
        '--input-file',
        'raw_knowledge.jsonl',
        '--output-dir',
        'out',
        '--local-embeddings',
        '--quiet',
      ]
      expect((await clara(['synth', ...flags], { cwd: folder, env: env() })).code).toBe(0)
    }
    const script = [
      'set -e',
      ...commands.filter(isBuilt).flatMap((line) => [`echo "+ "${quoted(line)} >&2`, line]),
    ]
    const { code, stderr } = await clara([], {
      command: ['bash', '-c', script.join('\n')],
      cwd: folder,
      env: env(),
    })
    const last = stderr.slice(stderr.lastIndexOf('\n+ ') + 1)
    expect([code, code === 0 ? '' : last]).toEqual([0, ''])
    expect(stderr).not.toContain('this is a bug')
  })
})

const quoted = (line: string) => `'${line.replaceAll("'", `'\\''`)}'`
