// docs/commands.md holds the real --help of every command. Run after a build:
//   node scripts/commands-doc.mjs           writes it
//   node scripts/commands-doc.mjs --check   exits with 1 when it is not what the commands say
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const COMMANDS = [
  ['extract'],
  ['index'],
  ['index', 'build'],
  ['index', 'add'],
  ['index', 'remove'],
  ['index', 'compact'],
  ['index', 'search'],
  ['index', 'info'],
  ['index', 'verify'],
  ['mine'],
  ['synth'],
  ['score'],
  ['validate'],
  ['report'],
  ['pack'],
  ['models'],
  ['models', 'list'],
  ['models', 'pull'],
  ['models', 'info'],
  ['models', 'verify'],
  ['models', 'rm'],
  ['models', 'install-cuda'],
  ['bench'],
  ['bench', 'retrieval'],
  ['bench', 'throughput'],
  ['bench', 'latency'],
  ['bench', 'index'],
]
const clara = fileURLToPath(new URL('../dist/cli/clara.js', import.meta.url))
const target = new URL('../docs/commands.md', import.meta.url)

function help(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [clara, ...args, '--help'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`clara ${args.join(' ')} --help: exit ${status}\n${stderr}`)
  return `## clara ${args.join(' ')}\n\n\`\`\`\n${stdout.trim()}\n\`\`\`\n`
}

const text = `# Commands

\`clara index build\` and \`clara-index build\` are the same thing, and so for every command. Flags
are also taken in snake_case (\`--target_top_k 5\`). stdout is data, stderr is progress and remarks.
Exit codes: 0 ok; 1 findings (validation failed, or records were skipped); 2 usage or input error;
130 interrupted.

What comes from files, servers and flags is printed so that a terminal obeys none of it: control characters, marks that
reorder or hide text and line ends inside of a value are shown as escapes (\`\\u001b\`, \`\\u202e\`, \`\\n\`); JSON has the same
escapes, which stand for the same value. A stdout that cannot be written (a full disk) is an error, exit code 2; a reader
that has gone (\`| head\`) is none.

${COMMANDS.map(help).join('\n')}`

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') === text) process.exit(0)
  console.error('docs/commands.md is not what --help says: run node scripts/commands-doc.mjs')
  process.exit(1)
}
writeFileSync(target, text)
