/** Word lists of the checks, English and Chinese. */

const SOURCE = 'passage|text|article|document|paragraph|excerpt|section|chapter|context|author|snippet|page'

/** Answers without a word that a passage could have. Folded. */
export const YES_OR_NO =
  /^(?:yes|no|not|none|neither|both|true|false|never|是的?|否|不是|没有|有|对|不对|不会|会|不能|能|可以|不可以|都不是|都是)[.!。]?$/

/** What is named is no source in front of anybody: the author of the Iliad, the passage of an act, the text of a treaty. */
const UNNAMED = `(?! (?:of|from|to|between|through|into|across|along|who|that|whose|behind)\\b(?! (?:this|the|these|that) (?:\\w+ )?(?:${SOURCE})s?\\b))`
/** A text adventure is no text, either. */
const ALONE = '(?! (?:based|adventure|editor|message|mode|file|field|box)s?\\b)'

/** A question that only somebody who has the passage in front of him understands. Of folded text. */
export const LEANS_ON_PASSAGE: RegExp[] = [
  new RegExp(
    `\\b(?:according to|based on|as per) (?:the|this|that|these) (?:\\w+ )?(?:${SOURCE})s?\\b${UNNAMED}${ALONE}`,
  ),
  new RegExp(
    `\\b(?:this|the above|the given|the following|the provided|the preceding) (?:${SOURCE}|information)s?\\b`,
  ),
  new RegExp(
    `\\b(?:in|by|from|of|within) the (?:passage|text|excerpt|article|document|paragraph|snippet)s?\\b${UNNAMED}${ALONE}`,
  ),
  new RegExp(
    `\\bthe (?:${SOURCE})s? (?:\\w+ )?(?:say|state|mention|describe|discuss|explain|claim|argue|suggest|refer|list|give|mean|think|note|write)`,
  ),
  new RegExp(`\\bthe (?:(?:passage|excerpt|snippet)s?|authors?)\\b${UNNAMED}`),
  /\b(?:mentioned|described|stated|discussed|shown|listed|given) (?:above|below|here|earlier)\b/,
  /(?:根据|依据|按照|基于|参照)(?:本|上|下|该|此|这|原)?(?:文本|文章|段落|资料|材料|内容|文档|文中|[文段篇节章])/,
  /(?:根据|依据|基于)(?:以上|上述|上面|下面|以下)/,
  /(?:上文|下文|本文|原文|文内|该文|此文|全文|(?<!的)(?:文章中|文档中|段落中|文本中|材料中|资料中))/,
  /(?:^|[\s,。:;?在据由从与])文中/, // not "希腊文中"
  /(?:这|该|本|此|上|下)(?:一)?(?:个)?(?:段落|段话|段文字|段文本|段|篇文章|篇|章节|节中|章中|文档|文章|文本)/,
  /(?:上述|前述|前文|如上|以上(?:内容|信息|文字|文本|材料|资料|段落|文章|所述|所说|提到|提及|描述|介绍)|(?<!\p{L})以上的)/u, // not "25公分以上"
  /(?<![的工合创写操])作者(?!是谁|为谁|是哪)|笔者/, // not "《…》的作者", "工作者"
]

const ASKS =
  '(?:(?:(?:and|so|but) )?(?:who|whom|whose|what|when|where|why|how(?: \\w+)?|which)(?: else)? )?(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might|should|must) )?'

/** A question that begins with a pronoun, so that nobody knows what it stands for. Of folded text. */
export const LEADING_PRONOUNS: RegExp[] = [
  new RegExp(`^${ASKS}(?:they|them|their|he|him|his|she|her|its|theirs)\\b`),
  // "How long does it take", "is it possible": there "it" stands for nothing.
  new RegExp(
    `^${ASKS}it\\b(?! (?:\\w+ )?(?:take|takes|took|taken|possible|impossible|necessary|important|useful|true|hard|difficult|easy|easier|harder|better|best|common|safe|called|mean|happen|follow|cost|need|make sense|get|rain|rains|snow|snows))`,
  ),
  /^(?:它|他(?!汀)|她)(?:们)?/,
  /^其(?![他它余中实次])/,
  /^(?:请问|为什么|为何|何时|如何|怎样)(?:它|他|她|其)(?!他|它|中)/,
]

/** The same of "this mill": where the question names nothing else. */
export const LEADING_DEMONSTRATIVES: RegExp[] = [
  new RegExp(`^${ASKS}(?:this|these|those)\\b`),
  /^(?:请问|为什么|为何|何时|如何|怎样)?(?:这|那(?!么)|该|此)/,
]

/** What stands for something that was to be written. Of a whole folded text. */
export const PLACEHOLDERS: RegExp[] = [
  /^[\p{P}\p{S}\s]*$/u,
  /^(?:string|text|question|answer|quote|summary|n\/a|null|undefined|todo|tbd|unknown|example|xxx+)[.:]?$/,
  /^(?:问题|答案|回答|引文|摘要|无|未知|不详|示例)[。:：]?$/,
  /^(?:question|answer|q|a|问题|答案) ?\d+\??$/,
  /lorem ipsum/,
  /^[<[{(](?:your |insert |the )?[\w\s-]*(?:question|answer|quote|summary|text|here)[\w\s-]*[>\]})]$/,
  /\{(?:token|passage|count|pairs|question|answer|summary)\}/,
]
