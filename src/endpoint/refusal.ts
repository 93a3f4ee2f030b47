/**
 * Who is meant where a server refuses: the passage, for what it says, or whoever asks. Servers use the same statuses for
 * both, and say which in words and codes of their own; those below are of OpenAI, Azure, Gemini, Bedrock, OpenRouter, xAI,
 * DeepSeek, DashScope, Zhipu, MiniMax, Moonshot and of gateways.
 */
import type { ServerError } from './error-body.js'

/** What to look at where nothing will be answered. */
export type Refusal = 'key' | 'credit' | 'access' | 'model'

const BY_STATUS: Record<number, Refusal | 'unclear'> = {
  401: 'key',
  402: 'credit',
  403: 'unclear',
  404: 'model',
  451: 'unclear',
}

const CLOSED_ACCOUNT =
  /account[^.]{0,40}(?:deactivated|disabled|suspended|terminated|banned|flagged|not active)|access (?:was |has been )?(?:terminated|revoked)|organi[sz]ation[^.]{0,30}(?:disabled|deactivated|restricted)/i

const CONTENT = new RegExp(
  [
    'content[_ -]?(?:filter|polic|management|moderat|safety|violat|blocked|restrict|inspect)',
    'content (?:was|is|has been) (?:flagged|blocked|filtered)|content exists risk|content violates',
    'moderat(?:ion|ed)|flagged|inappropriate|data[_ ]?inspection|responsible ?ai ?policy|invalid_prompt',
    'prohibited[_ ]?(?:content|use)|block_?reason|blocklist|recitation|\\bspii\\b|image_safety|guardrail',
    'safety[_ ](?:check|filter|system|violation|reason|block)|\\bsafety\\b(?![_ ]?settings)',
    '(?:usage|acceptable use) (?:guidelines|polic)',
    '(?:unsafe|harmful|sensitive|offensive|explicit|nsfw|objectionable) (?:content|information|words?|data|text|material|input|topic)',
    'new_sensitive|sensitive_?content|high risk|risk[_ ]control|cybersecurity risk|jailbreak|prompt injection',
    '敏感|违规|不安全|不合规|内容安全|内容审核|安全审核|高风险',
  ].join('|'),
  'i',
)

/** An account that is too fast may be told of its quota, too: of a 429 only these say that no waiting mends it. */
const NO_CREDIT =
  /insufficient[_ ](?:quota|balance|funds|credit)|exceeded_current_quota|budget[_ ](?:has been )?exceeded|billing_hard_limit|billing_not_active|arrear|余额不足|欠费/i
const LITTLE_CREDIT =
  /exceeded your current quota|(?:out of|not enough|no|insufficient|more) credits?\b|credit balance|payment required/i

const KEY =
  /(?:invalid|incorrect|missing|wrong|bad|expired|revoked|no)[_ -](?:\w+ )?api[_ -]?key|api[_ -]?key[^.]{0,40}(?:not valid|not found|invalid|expired|missing|incorrect|required)|api_key_invalid|authentication[_ ]?(?:error|fail)|unauthenticated|unauthori[sz]ed|invalid[_ ]token|token (?:is |has )?expired/i
const MODEL =
  /model[_ ]?not[_ ]?(?:found|exist|supported|available)|unable to access [^.]{0,40}\bmodel|model\b.{0,80}\b(?:does not exist|not exist|not found|is not available|is not supported|not a valid model)|(?:no such|unknown|invalid) model|not a valid model|模型不存在/i
const ACCESS =
  /(?:does not|do not|don't|no|not) have (?:the )?(?:permission|access)|permission[_ ]denied|insufficient permission|not (?:allowed|authorized|permitted) to (?:use|access|sample)|unsupported_country|country, region|not available in your|location is not supported/i

/** @returns `undefined` where it is no refusal, or none that says more than that the request is wrong. */
export function refusalOf(
  { words, codes }: ServerError,
  status: number | undefined,
): Refusal | 'passage' | 'unclear' | undefined {
  const told = `${codes} ${words}`
  if (NO_CREDIT.test(told)) return 'credit'
  if (CLOSED_ACCOUNT.test(told)) return 'access'
  if (status === 429) return undefined
  if (CONTENT.test(told)) return 'passage'
  if (status !== undefined && status >= 500) return undefined
  if (KEY.test(told)) return 'key'
  if (LITTLE_CREDIT.test(told)) return 'credit'
  if (MODEL.test(told)) return 'model'
  if (ACCESS.test(told)) return 'access'
  const isTooFast = status === 403 && /rate.?limit|too many requests|throttl/i.test(told)
  return status === undefined || isTooFast ? undefined : BY_STATUS[status]
}
