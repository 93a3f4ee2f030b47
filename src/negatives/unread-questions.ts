/** Questions in writing that a model does not read: what they find, they find by chance. */
import { ClaraError } from '../errors.js'
import { whatReadsIt } from '../index/vocabulary.js'
import type { Question } from '../questions/question.js'
import { unreadBy } from '../text/unread.js'
import type { Engines, MineOptions } from './run.js'

const MOST_UNREAD = 0.25
const LINES_NAMED = 3

/** @throws ClaraError `model` where a model does not read over a quarter of the questions, unless `force` is set. */
export async function requireReadQuestions(
  questions: AsyncIterable<Question>,
  { embedder, scorer }: Engines,
  { force = false, rebuild, remark = () => {} }: MineOptions,
): Promise<void> {
  const models = [embedder, scorer].flatMap((model) => {
    const isUnread = model?.languages && unreadBy(model.languages)
    return isUnread ? [{ ...model, isUnread, unread: 0, lines: [] as number[] }] : []
  })
  if (models.length === 0) return
  let count = 0
  for await (const { question, line } of questions) {
    count++
    for (const model of models) {
      if (!model.isUnread(question)) continue
      model.unread++
      if (model.lines.length < LINES_NAMED) model.lines.push(line)
    }
  }
  for (const { name, languages = [], unread, lines } of models) {
    if (unread === 0) continue
    const some = `line${unread === 1 ? '' : 's'} ${lines.join(', ')}${unread > lines.length ? ', …' : ''}`
    const what = `${unread} of ${count} questions (${some}) are in writing that ${name} (${languages.join(', ')}) does not read`
    if (unread <= MOST_UNREAD * count || force) {
      remark(`warning: ${what}: their negatives are found by chance`)
      continue
    }
    const which =
      name === embedder.name
        ? `Build the index with a model that reads them. ${whatReadsIt({ name }, rebuild)}`
        : 'Take a reranker that reads them ("clara-models list"), or --reranker none'
    throw new ClaraError(
      'model',
      `${what}, so that their negatives would be found by chance. ${which}; --force goes on all the same`,
    )
  }
}
