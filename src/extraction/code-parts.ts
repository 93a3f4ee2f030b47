/** Markdown without its code. */

/** Code in lines and in fences, inside of lists and quotes too, stays as it is. */
export function outsideCode(text: string, change: (text: string) => string): string {
  return text
    .split(/((?:^|\n)[ >]*(`{3,}|~{3,})[\s\S]*?(?:\n[ >]*\2[^\n]*|$)|`[^`\n]+`)/)
    .map((part, i) => (i % 3 === 0 ? change(part) : i % 3 === 1 ? part : ''))
    .join('')
}
