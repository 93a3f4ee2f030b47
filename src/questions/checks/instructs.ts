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
  /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)[^>]{0,80}\|>/,
  /\[\/?(?:inst|system|assistant|user)\]|<<\/?sys>>/,
  /(?:^|[.!?:;"'*#>\]] ?)(?:system|assistant|developer|human|user)(?: (?:message|prompt|note|turn))? ?:/,
  /###? ?(?:system|assistant|instruction|human|user|response)\b/,
  /"(?:pairs|quotes|role|tool_calls|function_call|response_format|finish_reason)" ?:/,
  /\b(?:visit|open|fetch|load|send|post|submit|upload|exfiltrate|transmit)\b.{0,60}\b(?:https?:\/\/|www\.|to this (?:url|address|server))/,
  /!\[[^\]]{0,200}\]\([^)]{0,400}\)|<(?:script|img|iframe|svg|object|embed|style|link|meta)\b|javascript:|data:text\/html/,
  // What follows speaks of the work itself: of questions, answers and data, and of who makes them.
  /\b(?:please|kindly|make sure|ensure|be sure|crucial|vital|mandatory|must|required to|do me a favou?r|swap|replace|change|override|from now on|unless)\b.{0,80}\b(?:(?:every|each|all|the|your|any) answers?|answer(?:ed)? ['"]|(?:all|every|each|your|the generated) (?:questions?|pairs?|summar(?:y|ies)|outputs?|data)|the generated|data generators?|(?:your|the) (?:reply|response|output)|what you (?:write|produce|generate|say|answer)|you (?:write|produce|generate)|must be answered|what must be (?:answered|written))\b/,
  /\b(?:generated data|data generators?|question (?:writers?|generators?)|annotators?)\b.{0,60}\b(?:must|should|mention|required|have to|has to|will|contain|include)\b/,
  /\byour (?:job|task|role|guidelines|orders|directives|rules|purpose|mission|work)\b.{0,12}\b(?:has|have|is now|are now|say|changed|no longer|as follows)\b/,
  /\b(?:whatever|what|everything|anything|all) (?:that )?you (?:were|have been|are|had been) (?:asked|told|given|instructed|ordered)\b/,
  /\b(?:supersedes?|overrides?|takes? precedence|no longer appl(?:y|ies)|is (?:void|obsolete|out of date)|replaces?)\b.{0,40}\b(?:instructions?|directions?|prompts?|directives?|orders you|earlier|previous (?:message|text)|you were)\b/,
  /\b(?:you were|instructions?|prompts?|directions?|directives?)\b.{0,60}\b(?:supersed\w+|overrid\w+|no longer appl\w+|void|obsolete|cancelled|revoked)\b/,
  /\b(?:text|words|lines?|message|sentences?|paragraphs?|everything) (?:that |which )?(?:precedes?|comes? before|stands? (?:before|above)|above) (?:this|the|these)\b/,
  /\b(?:when|while|before|as) (?:you (?:are )?)?(?:generating|generate|writing|write|creating|create|producing|produce|making|make|continuing) (?:the |any |your )?(?:questions?|pairs?|answers?|data|summar(?:y|ies)|training)\b/,
  /\b(?:answer|question|summary|output|quote|response) ?(?:=|:=|->)/,
  /\b(?:operator|owner|administrator|author|developer|creator)s? of (?:this|the) (?:pipeline|model|system prompt|prompt|ai|assistant|bot)\b/,
  /\b(?:talk|write|speak|ask|compose|produce)\b.{0,30}\b(?:instead of (?:the |this )?(?:passage|text)|about .{1,40} instead)\b|\b(?:leave out|ignore|skip|forget) (?:the|this) (?:passage|text|document)\b/,
  /(?:^|[.!?:;"'] ?)(?:(?:dear |hey |hi )?(?:assistant|model|ai|chatbot|gpt|llm|machine)), \w+|\b(?:note|message|update|notice)\b.{0,20}\bfor (?:the machine|whoever processes|the (?:ai|model|assistant|llm))\b/,
  /\btell me (?:what|your|the)\b.{0,30}\b(?:guidelines|instructions|rules|prompt|orders)\b/,
  /(?:答案|出题|问题|问答|摘要|引文|回答|生成的数据|输出).{0,12}(?:换成|改成|改为|替换|必须|务必|一律|统一(?:为|写|用|填|回答|成)|设为|都写|全写|只写)/,
  /(?:请|必须|务必|一律|都要|全部).{0,16}(?:答案|出题|问答对|摘要|引文|生成的数据)/,
  /(?:出题|回答|作答|生成|答题)时?.{0,10}(?:一律|必须|务必|都要|只能|统一)/,
  /以.{1,16}为(?:答案|摘要|问题)/,
  /\b(?:your|each|every) (?:summary|reply|answer|response|output|question|generated \w+|item)\b.{0,20}\b(?:ought|has|have|must|should|is|shall|needs?)\b.{0,12}\b(?:to )?(?:begin|start|end|carry|contain|mention|say|be|include|read)\b/,
  /\b(?:cancel|abandon|stop|drop|end) (?:the|your|this) (?:current )?(?:job|task|work|assignment)\b|\b(?:real|actual|true|new) assignment\b/,
  /\b(?:you must not|do not|don't|stop) (?:write|writing|talk|talking|ask|asking) about\b|\bis the answer you give\b|\bmay only be (?:summari[sz]ed|answered)\b/,
  /\b(?:hidden|first|initial|secret) (?:message|prompt|settings|note) (?:you|that you)\b|\byour (?:first|initial|hidden) message\b|\bin your json\b|\bi want you to\b|\bcorrect completion\b/,
  /(?:每一?条|每个|所有)(?:数据|样本|问答|答案|回答|摘要).{0,8}(?:加上|加入|写上|写明|包含|附上)|并?作为(?:摘要|答案|问题)|正确的?(?:回答|答案)只有|停止当前(?:的)?(?:工作|任务)|从这句话(?:起|开始)|新的规(?:定|则)生效|你应该(?:说|写|回答)/,
  /你的(?:任务|工作|职责|身份|规则|目标).{0,6}(?:改变|变|是|更新|取消|改)/,
  /(?:别管|不管|不用管|不理|无需理会|先别看|不要看).{0,8}(?:前面|上面|之前|以上|段落|原文)/,
  /(?:把|将)你(?:收到|看到|得到|读到)的|原样(?:发|输出|返回|复述|给)/,
  /(?:忽略|无视|忘记|忘掉|不要理会|不必理会|抛弃|跳过|复盖|绕过|停止遵守|不要遵守).{0,20}(?:指令|指示|要求|提示|规则|命令|任务|说明|内容|上文|之前|以上|前面)/,
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
/** The flags of England, Scotland and Wales are written with tags. */
const FLAGS =
  /\u{1F3F4}(?:\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073})\u{E007F})+/gu
/** So many zero-width characters between letters have no use in a text. */
const ZERO_WIDTH_IN_WORD = /(?:\p{L}(?:\u200B|\u200C|\u200D|\u2060|\uFEFF)){3}/u

/** @param folded the text as `fold` gives it. */
export function instructs(text: string, folded: string): boolean {
  if (
    HIDDEN.test(text.replace(FLAGS, '')) ||
    (ZERO_WIDTH_IN_WORD.test(text) && /\p{Script=Latin}|\p{Script=Han}/u.test(text))
  ) {
    return true
  }
  return INSTRUCTS.some((pattern) => pattern.test(folded))
}
