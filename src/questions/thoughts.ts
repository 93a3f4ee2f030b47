/** What a model says apart from what it thinks, where the server puts both into one text. */

/** The end of thoughts, by the names that models have for them: DeepSeek, Qwen, Mistral, Kimi, Cohere, gpt-oss. */
const END =
  /<\/(?:think|thinking|thoughts?|reason|reasoning|reflection|analysis|scratchpad)>|\[\/THINK\]|◁\/think▷|<\|END_THINKING\|>|<\|channel\|>final<\|message\|>/gi
const BEGINNING =
  /^\s*(?:<(?:think|thinking|thoughts?|reason|reasoning|reflection|analysis|scratchpad)>|\[THINK\]|◁think▷|<\|START_THINKING\|>|<\|channel\|>analysis)/i
/** Marks of a template around what is said. */
const MARK =
  /<\|(?:return|end|im_end|eot_id|endoftext|begin_of_box|end_of_box|START_RESPONSE|END_RESPONSE)\|>/g

/** What gpt-oss writes there, where a server drops its marks and leaves their words. */
const BARE_END = 'assistantfinal'

/** Empty where there are thoughts alone. */
export function withoutThoughts(text: string): string {
  let start = 0
  for (const { index, 0: mark } of text.matchAll(END)) start = index + mark.length
  if (start === 0 && BEGINNING.test(text)) return ''
  const bare = text.startsWith('analysis') ? text.lastIndexOf(BARE_END) : -1
  if (bare >= 0) start = bare + BARE_END.length
  return text.slice(start).replace(MARK, '').trim()
}
