/** What can be wrong with a file of samples: data. docs/validate.md has the same table, which a test compares. */

/** `error`: the trainer fails, or learns something wrong. `warning`: look at it; it may be right. */
export type Level = 'error' | 'warning'

interface FindingMeaning {
  level: Level
  meaning: string
  remedy: string
}

const kind = (level: Level, meaning: string, remedy: string): FindingMeaning => ({ level, meaning, remedy })

const AGAIN = 'make the file again, or remove the line'
const TYPES = 'give the field the type that docs/formats.md shows'
const ONE_K = 'make all samples with one --target-top-k; the trainer’s --generation_top_k is that, or less'
const SHUFFLE = 'docs, pos_index and provenance were changed apart from each other: make all of them again'

/** In the order of the report. */
export const FINDING_KINDS = {
  'no-samples': kind('error', 'the file holds no sample', 'look why the run before wrote none'),
  'not-json': kind('error', 'line is not JSON', AGAIN),
  'not-object': kind('error', 'line is not a JSON object', AGAIN),
  'lone-surrogate': kind(
    'error',
    'half of a surrogate pair, which pyarrow and tokenizers refuse the file for',
    'make the file again: our readers put U+FFFD in its place, clara-score --fix does so in a copy',
  ),
  'repeated-key': kind('error', 'a key twice in one row, which pyarrow refuses the file for', AGAIN),
  'bad-data-type': kind('error', 'data_type is neither "qa" nor "paraphrase"', TYPES),
  'mixed-data-types': kind(
    'error',
    'qa and paraphrase rows in one file, which the trainer cannot load',
    'put the paraphrases into a file of their own',
  ),
  'bad-question': kind('error', 'question is not a non-blank string', TYPES),
  'bad-docs': kind('error', 'docs is not a list of strings', TYPES),
  'too-few-docs': kind(
    'error',
    'fewer docs than the stage needs',
    'mine negatives: clara-mine --target-top-k',
  ),
  'empty-doc': kind(
    'error',
    'a doc is empty or blank',
    'remove it from the corpus and make the sample again',
  ),
  'duplicate-doc': kind('error', 'the same doc twice', 'mine again: a row of ours has no doc twice'),
  'negative-is-positive': kind(
    'error',
    'a negative is the same text as a positive, of its row or of an equal question',
    'clara-score --fix replaces it',
  ),
  'answer-in-negative': kind(
    'error',
    'a negative contains the answer, the row’s own or that of an equal question',
    'clara-score --fix replaces it, or name it in pos_index',
  ),
  'no-answer': kind('error', 'neither gold_answer nor answer', 'give both, the same text'),
  'only-gold-answer': kind(
    'error',
    'gold_answer without answer, which apple/ml-clara rejects (its fork does not)',
    'give both, the same text',
  ),
  'bad-gold-answer': kind('error', 'gold_answer is not a non-blank string', TYPES),
  'bad-answer': kind('error', 'answer is not a non-blank string', TYPES),
  'answers-differ': kind('error', 'gold_answer and answer differ', 'give both, the same text'),
  'bad-answers': kind('error', 'answers is not a list of non-blank strings', TYPES),
  'unpaired-answers': kind(
    'error',
    'not as many answers as questions: the trainer drops those left over',
    'give each question its answer',
  ),
  'bad-pos-index': kind('error', 'pos_index is not a list of integers', TYPES),
  'empty-pos-index': kind('error', 'pos_index is empty', 'name the docs that answer'),
  'repeated-position': kind('error', 'pos_index names a doc twice', 'name it once'),
  'position-out-of-range': kind('error', 'pos_index names a doc that is not there', 'positions count from 0'),
  'no-negative': kind('error', 'pos_index names every doc', 'mine negatives: clara-mine --target-top-k'),
  'wrong-top-k': kind('error', 'number of docs is not the expected one', ONE_K),
  'mixed-top-k': kind('error', 'number of docs is not the most common one', ONE_K),
  'provenance-differs': kind('error', 'docs and pos_index are not what the provenance says', SHUFFLE),
  'long-doc': kind(
    'error',
    'a doc has more tokens than the limit that was named',
    'build the index anew: its chunks fit --trainer; or train with a larger --doc_max_length',
  ),
  'lost-answer': kind(
    'error',
    'the answer is in the part of the positive that the trainer cuts off',
    'build the index anew: its chunks fit --trainer; or train with a larger --doc_max_length',
  ),
  'memory-token': kind(
    'error',
    'a text holds a memory token of the trainer, unescaped: its run ends there',
    'clara-score --fix escapes it in a copy; for other stages docs/formats.md has a command',
  ),
  'no-answer-left': kind(
    'error',
    'the prompt fills the trainer’s max_len: no answer is left, and the loss is NaN',
    'shorten the question or remove the line: clara-pack gives it room, which all rows of stage 3 pay for',
  ),
  'cut-answer': kind(
    'error',
    'prompt and answer are longer than the trainer’s max_len, which cuts the answer’s end off',
    'shorten the answer or remove the line: clara-pack gives it room, which all rows of stage 3 pay for',
  ),
  'many-duplicates': kind(
    'error',
    'over 1% of the samples, and three or more, are repeats of others',
    'remove the repeats: they weigh more than the others',
  ),
  'skewed-positions': kind(
    'error',
    'positives are not spread evenly over the positions',
    'shuffle the docs of each row: else the place gives the answer away',
  ),
  'leaked-question': kind(
    'error',
    'the question is on the other side of the split, too',
    'split again: clara-synth --split',
  ),
  'leaked-passage': kind(
    'error',
    'the positive is a positive on the other side of the split, too',
    'split again, by documents: clara-synth --split',
  ),
  'leaked-document': kind(
    'error',
    'the positive’s document has positives on the other side of the split, too',
    'split again, by documents: clara-synth --split',
  ),
  'only-answer': kind(
    'warning',
    'answer without gold_answer, which guides and scripts read',
    'give both, the same text',
  ),
  'cut-doc': kind(
    'warning',
    'a doc has more tokens than the trainer reads by its default: the rest is cut off, and no answer with it',
    'build the index anew: its chunks fit --trainer; or train with a larger --doc_max_length, and name it here',
  ),
  'control-token': kind(
    'warning',
    'a text holds another token of the trainer, or a question or an answer one of its base model: no text to it',
    'escape it or take it out (docs/formats.md): an answer teaches the model to end there',
  ),
  'image-mark': kind(
    'warning',
    'a mark of the scripts where an image was: the path of a file, which says nothing',
    'take it out: docs/migration.md has a line of sed; or make the samples again',
  ),
  'duplicate-sample': kind(
    'warning',
    'the same question with the same docs as on a line before',
    'remove one of them',
  ),
  'duplicate-question': kind(
    'warning',
    'the same question as on a line before',
    'keep one, or name all positives in it',
  ),
  'unsupported-answer': kind(
    'warning',
    'hardly a word of the answer is in the positives',
    'look whether pos_index names the right doc',
  ),
  'overused-negative': kind(
    'warning',
    'one passage is a negative of very many samples',
    'mine with --max-uses, or take the passage out of the corpus',
  ),
} as const satisfies Record<string, FindingMeaning>

export type FindingKind = keyof typeof FINDING_KINDS
