/** Texts with marks of images, as the Python scripts leave them in samples: a path where the picture was. */
import { imageMarkIn } from '../../documents/images.js'
import type { CheckedRow } from './row.js'

/** Adds one fault to the row's at most. */
export function checkImageMarks({ docs = [], questions = [], answers = [], faults }: CheckedRow): void {
  for (const [field, texts] of Object.entries({ docs, question: questions, 'the answer': answers })) {
    for (const [i, text] of texts.entries()) {
      const mark = imageMarkIn(text)
      if (mark === undefined) continue
      const place = field === 'docs' || texts.length > 1 ? `${field}[${i}]` : field
      faults.push({ kind: 'image-mark', reason: `${place} holds ${mark}` })
      return
    }
  }
}
