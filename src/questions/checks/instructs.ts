/**
 * Whether a passage speaks to the model instead of saying something. Such a passage is not believed at all:
 * what it wants to have written may stand anywhere in it. A list finds what it lists, and no more.
 */

/** Of folded text. */
const INSTRUCTS: RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass|skip|discard|drop|set aside|do not follow|don't follow|stop following)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|directions|commands|orders|system message|everything above|all of the above|task|what you were told)\b/,
  /\b(?:new|updated|real|actual|following|my|additional|secret|hidden|developer|admin) (?:instructions?|system prompt|task) ?(?:is|are|:|follow)/,
  /\b(?:system|developer|hidden|initial|original|secret|your|this|the above) (?:system )?prompt\b/,
  /\b(?:reveal|print|show|repeat|output|leak|display|recite|disclose|quote|echo|copy)\b.{0,20}\b(?:your|the|these|all|its|any)\b.{0,20}\b(?:instructions|prompt|system message|configuration|words above|text above|api key)\b|\b(?:repeat|print|output) everything above\b/,
  /\b(?:reply|respond|answer|return|output|write|say|print)\b.{0,20}\b(?:only|exactly|just|nothing but|always|verbatim)\b/,
  /\b(?:only|always|just|must|simply|please|now|instead,?) (?:reply|respond|answer|output|print|say)\b.{0,12}(?:\bwith\b|:|")/,
  /(?:^|[.!?:;"'] ?|\b(?:always|must|should|only|please|just|instead|then|now) )(?:reply|respond|answer)\b(?: [\w-]+){0,5} (?:with|by)\b/,
  /\b(?:answer|end|start|begin|finish|close|open) (?:all|any|every|each|your)\b.{0,40}\b(?:with|by)\b/,
  /\b(?:put|insert|include|add|append|place|embed|use|mention|write|repeat)\b.{0,60}\b(?:in|into|to|as|of|at the end of) (?:the |every |each |your |any |all )(?:\w+ )?(?:questions?|answers?|summar(?:y|ies)|quotes?|reply|replies|response|responses|output|json)\b/,
  /\byou are (?:now|no longer|actually|hereby|going to act|in (?:developer|debug|admin))\b/,
  /\b(?:pretend|act as|roleplay|role-play|imagine) (?:to be|you are|you're|as|that you|an? (?:ai|assistant|model|unrestricted))\b/,
  /\b(?:dear|attention|note to|message to|hey|hello|instructions? (?:for|to)) (?:the |any |all )?(?:ai|llms?|language models?|assistants?|chatbots?|gpt|chatgpt|models? reading|annotators?|question writers?)\b/,
  /\b(?:as an ai|if you are an? (?:ai|llm|language model|assistant|bot)|large language models? reading)\b/,
  /\b(?:decode|decrypt|base64|rot13|unscramble|reverse)\b.{0,60}\b(?:and|then)\b.{0,30}\b(?:follow|obey|execute|do|run|comply|write|answer|use)\b/,
  /\b(?:the only|every|each|all) (?:valid |allowed |correct |right )?(?:questions?|answers?|pairs?|summar(?:y|ies))\b.{0,30}\b(?:is|are|must|should|shall|has to|have to)\b/,
  /\b(?:your|the) (?:reply|response|output|summary|answers?|json)\b.{0,20}\b(?:must|should|shall|has to|needs to|is to)\b.{0,10}\b(?:be|contain|include|say|start|end|begin|read|consist)\b/,
  /\bend of (?:the )?(?:passage|document|data|input|context)\b/,
  /<\/?(?:passage|reply|system|assistant|user|instructions?|im_start|im_end|tool|function)\b/,
  /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)[^>]*\|>/,
  /\[\/?(?:inst|system|assistant|user)\]|<<\/?sys>>/,
  /(?:^|[.!?:;"'*#>\]] ?)(?:system|assistant|developer|human|user)(?: (?:message|prompt|note|turn))? ?:/,
  /###? ?(?:system|assistant|instruction|human|user|response)\b/,
  /"(?:pairs|quotes|role|tool_calls|function_call|response_format|finish_reason)" ?:/,
  /\b(?:visit|open|fetch|load|send|post|submit|upload|exfiltrate|transmit)\b.{0,60}\b(?:https?:\/\/|www\.|to this (?:url|address|server))/,
  /!\[[^\]]*\]\([^)]*\)|<(?:script|img|iframe|svg|object|embed|style|link|meta)\b|javascript:|data:text\/html/,
  /(?:忽略|无视|忘记|忘掉|不要理会|不必理会|抛弃|跳过|覆盖|绕过|停止遵守|不要遵守).{0,20}(?:指令|指示|要求|提示|规则|命令|任务|说明|内容|上文|之前|以上|前面)/,
  /(?:新|真正|实际|隐藏|秘密|以下)的?(?:系统)?(?:指令|指示|提示词|命令)(?:是|如下|为|:|,|。)/,
  /(?:系统|初始|隐藏|你的|开发者)(?:的)?(?:提示词?|指令|消息|设定)/,
  /(?:请|必须|只能?|只需|务必|直接|始终|总是|一律|仅|都要|应当)(?:用|以|仅|只|直接)?(?:回复|回答|输出|返回|写出|打印|写入|填写|填入)(?!了|过|道)/,
  /(?:回答为|回复成|填写为|填入以下|(?:回复|回答)(?:以下|如下|下面|一个词|一句))/,
  /(?:答案|问题|摘要|引文|回复|输出)(?:必须|都|应该|应当|一律|只能|统一|就)(?:是|为|写|填|包含|用|要)/,
  /(?:透露|泄露|展示|显示|复述|重复|打印|公开|告诉我).{0,15}(?:提示词?|指令|系统|规则|密钥|上面的话)/,
  /(?:你现在是|你不再是|从现在(?:起|开始),?(?:你(?!们)|只|请|忽略)|假装你|作为(?:一个)?(?:ai|人工智能|语言模型|助手))/,
  /(?:致|给|各位|亲爱的|如果你是)(?:所有|任何|阅读本文的)?(?:ai|人工智能|大?语言模型|模型|助手|机器人)/,
  /(?:^|[。!?:;"'*#>\]] ?)(?:系统|助手|用户|开发者)(?:消息|提示|指令)? ?:/,
  /(?:段落|文档|数据|输入)(?:到此)?结束/,
  /(?:解码|解密|倒序|反转).{0,20}(?:执行|照做|遵循|回答|输出)/,
  /(?:访问|打开|发送到|上传到|提交到).{0,20}(?:https?:|www\.)/,
]

/** Letters that nobody sees (tags), and marks that turn what is seen around. */
const HIDDEN = /[\u{E0000}-\u{E007F}\u202E]/u
/** So many zero-width characters between letters have no use in a text. */
const ZERO_WIDTH_IN_WORD = /(?:\p{L}(?:\u200B|\u200C|\u200D|\u2060|\uFEFF)){3}/u

/** @param folded the text as `fold` gives it. */
export function instructs(text: string, folded: string): boolean {
  if (HIDDEN.test(text) || (ZERO_WIDTH_IN_WORD.test(text) && /\p{Script=Latin}|\p{Script=Han}/u.test(text))) {
    return true
  }
  return INSTRUCTS.some((pattern) => pattern.test(folded))
}
