/** The commands by name. Each is loaded when it is asked for: a search should start at once. */
import type { Command } from 'commander'

export type CommandName =
  | 'extract'
  | 'index'
  | 'mine'
  | 'synth'
  | 'score'
  | 'validate'
  | 'report'
  | 'pack'
  | 'models'
  | 'bench'

export const COMMANDS: Record<CommandName, { summary: string; load: () => Promise<Command> }> = {
  extract: {
    summary: 'documents of many formats -> raw_knowledge.jsonl',
    load: async () => (await import('./extract-command.js')).extractCommand(),
  },
  index: {
    summary: 'build, search and look at an index',
    load: async () => (await import('./index-command.js')).indexCommand(),
  },
  mine: {
    summary: 'hard negatives for questions and answers that exist',
    load: async () => (await import('./mine-command.js')).mineCommand(),
  },
  synth: {
    summary: 'let an LLM write questions and answers, then mine',
    load: async () => (await import('./synth-command.js')).synthCommand(),
  },
  score: {
    summary: 'look for false negatives in samples that exist, and replace them',
    load: async () => (await import('./score-command.js')).scoreCommand(),
  },
  validate: {
    summary: 'check training data before it is used',
    load: async () => (await import('./validate-command.js')).validateCommand(),
  },
  report: {
    summary: 'one HTML file about a run, to look at before its data is used',
    load: async () => (await import('./report-command.js')).reportCommand(),
  },
  pack: {
    summary: 'one archive for the trainer: data, hashes, training commands, a notebook',
    load: async () => (await import('./pack-command.js')).packCommand(),
  },
  models: {
    summary: 'fetch, check and list models',
    load: async () => (await import('./models-command.js')).modelsCommand(),
  },
  bench: {
    summary: 'measure retrieval quality and speed',
    load: async () => (await import('./bench-command.js')).benchCommand(),
  },
}
