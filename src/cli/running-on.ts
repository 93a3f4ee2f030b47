import type { Running } from '../inference/engine.js'

/** A line that says where a model runs, why there, and how it is spread. */
export function runningOn({
  running,
  model,
}: {
  running(): Running | undefined
  model: { card: { name: string } }
}): string {
  const at = running()
  if (!at) return `${model.card.name}: vectors come from the endpoint`
  const { device, sessions, intraThreads, budget } = at
  const where = device.id === 0 ? device.provider : `${device.provider}:${device.id}`
  const spread = `${count(sessions, 'session')} of ${count(intraThreads, 'thread')}`
  return `${model.card.name} on ${where} (${device.why}): ${spread}, ${budget} tokens a run`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
