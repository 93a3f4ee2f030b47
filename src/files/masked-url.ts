/** Addresses as they may be shown. */

const BLANK = '***'
/** Parameters of an address that are no secrets. */
const HARMLESS = /^(?:api[-_]?version|version|model|deployment|region)$/i
const QUERY_VALUE = /([?&]([\w.%~-]+)=)([^&#\s"'<>]+)/g

/** A text with addresses in it, without the user names, passwords and values of parameters in these. */
export function maskedUrl(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi, `$1${BLANK}@`)
    .replace(QUERY_VALUE, (whole, start: string, name: string) =>
      HARMLESS.test(name) ? whole : start + BLANK,
    )
}

/** What maskedUrl would hide of one address, as it stands there and as it is meant. */
export function secretsOf(url: string): string[] {
  const inQuery = Array.from(url.matchAll(QUERY_VALUE), ([, , name, value]) =>
    HARMLESS.test(name!) ? '' : value!,
  )
  const inAuthority = /:\/\/([^\s/?#]*)@/.exec(url)?.[1]?.split(':') ?? []
  return [...inQuery, ...inAuthority].flatMap((value) => [value, decoded(value)])
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
