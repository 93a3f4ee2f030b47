/** What the trainer reads of a sample's documents: told at the end of a run, where it is less than all. */
import { ClaraError } from '../errors.js'
import type { Chunking } from '../index/progress.js'
import {
  DEFAULT_TRAINER,
  NO_TRAINER,
  openTrainerTokenizer,
  TRAINER_DOC_TOKENS,
} from '../inference/trainer-tokenizer.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { countingOverlong, type OverlongCount } from '../samples/overlong.js'
import type { Talk } from './talk.js'

interface TrainerRoom {
  /** Passes samples on and counts them. */
  counting(mined: AsyncIterable<MinedQuestion>): AsyncIterable<MinedQuestion>
  /** Once all have passed. */
  remark(): void
  close(): Promise<void>
}

interface RoomFlags {
  trainer?: string | undefined
  docMaxLength?: number | undefined
}

/**
 * @param chunking of the index that the documents come from: its trainer is taken where no other is named.
 * @throws ClaraError `model` where the tokenizer that was named is none.
 */
export async function trainerRoom(
  { trainer, docMaxLength }: RoomFlags,
  chunking: Chunking | undefined,
  talk: Talk,
): Promise<TrainerRoom> {
  const own = chunking?.trainer
  const name = trainer ?? own?.name ?? DEFAULT_TRAINER
  const limit = docMaxLength ?? own?.tokens ?? TRAINER_DOC_TOKENS
  if (name === NO_TRAINER) return NOTHING
  const tokenizer = await openTrainerTokenizer(name).catch((error) => {
    if (trainer !== undefined || !(error instanceof ClaraError)) throw error
    talk.remark(`documents are not counted by the trainer's tokens: ${error.message}`)
  })
  if (!tokenizer) return NOTHING
  const counted: OverlongCount = { samples: 0, over: 0, overPositive: 0 }
  return {
    counting: (mined) => countingOverlong(mined, limit, tokenizer.countTokens, counted),
    remark: () => {
      const { samples, over, overPositive } = counted
      if (over === 0) return
      talk.remark(
        `warning: ${over} of ${samples} rows have a document over the ${limit} tokens of ${tokenizer.title} that the trainer reads, ` +
          `${overPositive} of them a positive: what follows is cut off, clara-validate finds the answers in it; an index built anew has chunks that fit`,
      )
    },
    close: () => tokenizer.close(),
  }
}

const NOTHING: TrainerRoom = {
  counting: (mined) => mined,
  remark: () => {},
  close: async () => {},
}
