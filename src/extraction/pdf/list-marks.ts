/** What list items begin with. */

const BULLETS = '•◦▪▫‣⁃∙●○■□◆◇►▶➢➤✓✔❖·–—\\-\\*'

/** A bullet, or a number or letter with a dot or parenthesis, and a blank. */
export const LIST_MARK = new RegExp(
  `^(?:[${BULLETS}]|\\(?(?:\\d{1,3}|[a-z]|[ivx]{1,4})[.)])\\s+(?=\\S)`,
  'iu',
)

const BULLET = new RegExp(`^[${BULLETS}]\\s+`, 'u')

/** As Markdown writes it; undefined if the text is no item. */
export function listItem(text: string): string | undefined {
  if (BULLET.test(text)) return `- ${text.replace(BULLET, '')}`
  return LIST_MARK.test(text) ? text : undefined
}
