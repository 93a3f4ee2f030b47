/** Is the data's k that of the run, and that of the user's notebook? */
import type { CheckedData } from './check-data.js'
import { readNamedTopK } from './named-top-k.js'
import type { Refusal } from './refusal.js'
import type { RunFacts } from './run-facts.js'

/** @throws ClaraError `input` when the notebook cannot be read. */
export async function topKRefusals(
  data: CheckedData,
  facts: RunFacts,
  notebook: string | undefined,
): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  if (data.topK !== null && facts.topK !== null && facts.topK !== data.topK) {
    const reason = `says top_k ${facts.topK}, the samples have ${data.topK} docs in each row`
    refusals.push({ file: 'report.json', reason, command: null })
  }
  if (notebook !== undefined) refusals.push(...(await notebookRefusals(notebook, data)))
  return refusals
}

async function notebookRefusals(path: string, { files, topK }: CheckedData): Promise<Refusal[]> {
  const named = await readNamedTopK(path)
  const refuse = (reason: string): Refusal => ({ file: path, reason, command: null })
  if (topK !== null && !named.some(({ stage }) => stage === 'end-to-end')) {
    return [
      refuse(
        `names no generation_top_k for end-to-end training: the trainer then takes 1, the data has ${topK}`,
      ),
    ]
  }
  return named.flatMap(({ stage, value, text }) => {
    const ofStage = files.find((file) => file.stage === stage && file.docsPerRow !== null)
    if (!ofStage) return []
    if (value === undefined) return [refuse(`generation_top_k is ${text}, and no line says what that is`)]
    if (value === ofStage.docsPerRow) return []
    return [
      refuse(`generation_top_k is ${value}, ${ofStage.name} has ${ofStage.docsPerRow} docs in each row`),
    ]
  })
}
