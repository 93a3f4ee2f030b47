/**
 * Flags of the Python scripts that a command has under another name, or not at all. Who moves over types them: each is
 * taken for ours where it means the same, or refused with what to do instead. None is taken and nothing done with it.
 */
import { type Command, Option } from 'commander'
import { ClaraError } from '../errors.js'

/** What to do instead; the flag's value is not repeated, as it may be a key. */
type Refused = string
interface Taken {
  as: string
}

const KEY =
  'who lists the processes would see the key. Set OPENAI_API_KEY (.env will do), or pass --api-key-file FILE'
const RETRIES = 'a call that fails is made again for as long as that may help'
const COMPRESSOR = 'no trained compressor is run here, only the embedder that finds passages'

const FLAGS: Record<string, Record<string, Refused | Taken>> = {
  extract: {
    '--api-key': KEY,
    '--model': { as: '--vision-model' },
    '--max-retries': `${RETRIES}; --vision-timeout SECONDS bounds one: leave it out`,
  },
  synth: {
    '--api-key': KEY,
    '--chunk-size':
      'it counts characters, the trainer counts tokens: pass --chunk-tokens N (1000 characters are about 250 tokens of English)',
    '--max-retries': `${RETRIES}; --timeout SECONDS bounds one: leave it out`,
  },
  'index build': {
    '--output-file': 'an index is a folder: pass --output-dir DIR',
    '--model-path': `${COMPRESSOR}: pass --embedder NAME or FOLDER`,
    '--compress-rate': `${COMPRESSOR}: leave it out`,
    '--quantization': `${COMPRESSOR}: --precision bf16, f32 or i8 is how vectors are stored`,
  },
}

/** @param path `index build` of `clara index build`. A flag that the command has itself is left to it. */
export function scriptFlags(command: Command, path: string): void {
  for (const [flag, meaning] of Object.entries(FLAGS[path] ?? {})) {
    if (command.options.some(({ long }) => long === flag)) continue
    if (typeof meaning === 'string') command.addOption(refused(flag, meaning))
    else takeAs(command, flag, meaning.as)
  }
}

/** With a value or without one. */
function refused(flag: string, instead: Refused): Option {
  return new Option(`${flag} [value]`)
    .preset('')
    .hideHelp()
    .argParser(() => {
      throw new ClaraError('usage', `${flag} is not taken: ${instead}`)
    })
}

function takeAs(command: Command, flag: string, ours: string): void {
  const option = command.options.find(({ long }) => long === ours)!
  const alias = new Option(option.flags.replace(ours, flag)).hideHelp()
  command.addOption(alias)
  command.on(`option:${alias.name()}`, (value: string) => {
    command.setOptionValueWithSource(option.attributeName(), value, 'cli')
  })
}
