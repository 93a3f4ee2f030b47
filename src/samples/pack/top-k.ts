/** Is the data's k that of the run, and do those of the trainer and of the user's notebook fit it? */
import type { CheckedData } from './check-data.js'
import { readNamedTopK } from './named-top-k.js'
import type { Refusal } from './refusal.js'
import type { RunFacts } from './run-facts.js'

interface Chosen {
  generationTopK?: number | undefined
  notebook?: string | undefined
}

/** @throws ClaraError `input` when the notebook cannot be read. */
export async function topKRefusals(
  data: CheckedData,
  facts: RunFacts,
  { generationTopK, notebook }: Chosen,
): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  const { topK } = data
  if (topK !== null && facts.topK !== null && facts.topK !== topK) {
    const reason = `says top_k ${facts.topK}, the samples have ${topK} docs in each row`
    refusals.push({ file: 'report.json', reason, command: null })
  }
  if (generationTopK !== undefined && generationTopK > (topK ?? 0)) {
    const reason =
      topK === null
        ? `is not there, and --generation-top-k is of its rows`
        : `${topK} docs in each row, --generation-top-k ${generationTopK} can be ${topK} at most`
    refusals.push({ file: 'end_to_end_data.jsonl', reason, command: null })
  }
  if (notebook !== undefined) refusals.push(...(await notebookRefusals(notebook, data)))
  return refusals
}

/** The trainer's `stage1` and `stage1_2` assert that each row has so many documents; `stage2` chooses so many of them. */
async function notebookRefusals(path: string, { files, topK }: CheckedData): Promise<Refusal[]> {
  const named = await readNamedTopK(path)
  const refuse = (reason: string): Refusal => ({ file: path, reason, command: null })
  if (topK !== null && named.length === 0) {
    return [refuse(`names no generation_top_k and no --stage: is it a notebook or script that trains?`)]
  }
  return named.flatMap(({ stage, value, text, chooses }) => {
    const ofStage = files.find((file) => file.stage === stage && file.docsPerRow !== null)
    if (!ofStage) return []
    const has = `${ofStage.name} has ${ofStage.docsPerRow} docs in each row`
    if (text === undefined) {
      if (ofStage.docsPerRow === value) return []
      return [
        refuse(`names no generation_top_k for ${stage} training: the trainer then takes ${value}, ${has}`),
      ]
    }
    if (value === undefined) return [refuse(`generation_top_k is ${text}, and no line says what that is`)]
    const fits = value === ofStage.docsPerRow || (chooses && value >= 1 && value < ofStage.docsPerRow!)
    return fits ? [] : [refuse(`generation_top_k is ${value}, ${has}`)]
  })
}
