/** Characters of formulas and their LaTeX. Those that are missing stand as they are. */

const GREEK =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon phi chi psi omega'

const NAMES: Record<string, string> = {
  Γ: 'Gamma',
  Δ: 'Delta',
  Θ: 'Theta',
  Λ: 'Lambda',
  Ξ: 'Xi',
  Π: 'Pi',
  Σ: 'Sigma',
  Φ: 'Phi',
  Ψ: 'Psi',
  Ω: 'Omega',
  ϵ: 'epsilon',
  ϕ: 'phi',
  ϑ: 'vartheta',
  '±': 'pm',
  '∓': 'mp',
  '×': 'times',
  '÷': 'div',
  '⋅': 'cdot',
  '·': 'cdot',
  '∙': 'cdot',
  '∗': 'ast',
  '∘': 'circ',
  '≤': 'leq',
  '≥': 'geq',
  '≠': 'neq',
  '≈': 'approx',
  '≡': 'equiv',
  '∼': 'sim',
  '≅': 'cong',
  '≃': 'simeq',
  '∝': 'propto',
  '≪': 'll',
  '≫': 'gg',
  '∞': 'infty',
  '∂': 'partial',
  '∇': 'nabla',
  '∈': 'in',
  '∉': 'notin',
  '∋': 'ni',
  '⊂': 'subset',
  '⊃': 'supset',
  '⊆': 'subseteq',
  '⊇': 'supseteq',
  '∪': 'cup',
  '∩': 'cap',
  '∅': 'emptyset',
  '∀': 'forall',
  '∃': 'exists',
  '¬': 'neg',
  '∧': 'wedge',
  '∨': 'vee',
  '⊕': 'oplus',
  '⊗': 'otimes',
  '⊥': 'perp',
  '∥': 'parallel',
  '∠': 'angle',
  '→': 'to',
  '←': 'leftarrow',
  '↔': 'leftrightarrow',
  '⇒': 'Rightarrow',
  '⇐': 'Leftarrow',
  '⇔': 'Leftrightarrow',
  '↦': 'mapsto',
  '…': 'ldots',
  '⋯': 'cdots',
  '⋮': 'vdots',
  '⋱': 'ddots',
  '′': 'prime',
  ℏ: 'hbar',
  ℓ: 'ell',
  ℜ: 'Re',
  ℑ: 'Im',
  ℵ: 'aleph',
  '√': 'surd',
  '⟨': 'langle',
  '⟩': 'rangle',
  '⌈': 'lceil',
  '⌉': 'rceil',
  '⌊': 'lfloor',
  '⌋': 'rfloor',
  '∑': 'sum',
  '∏': 'prod',
  '∐': 'coprod',
  '∫': 'int',
  '∬': 'iint',
  '∭': 'iiint',
  '∮': 'oint',
  '∯': 'oiint',
  '∰': 'oiiint',
  '⋃': 'bigcup',
  '⋂': 'bigcap',
  '⋀': 'bigwedge',
  '⋁': 'bigvee',
  '⨁': 'bigoplus',
  '⨂': 'bigotimes',
}

const SYMBOLS = new Map<string, string>([
  ...Object.entries(NAMES),
  ...GREEK.split(' ').map((name, i): [string, string] => [String.fromCharCode(0x3b1 + i), name]),
])

/** Plain letters of those that Unicode has for formulas, and macros, each with a blank behind it. */
export function mathText(text: string): string {
  const spaced = text.replace(/(?<=[A-Za-z]) (?=[A-Za-z])/g, '\u00a0')
  return Array.from(spaced, (character) => {
    if (character === '\u00a0') return '\\ '
    const plain = /[\u{1D400}-\u{1D7FF}]/u.test(character) ? character.normalize('NFKC') : character
    const name = SYMBOLS.get(plain)
    if (name !== undefined) return `\\${name} `
    if (plain === '−' || plain === '–') return '-'
    return /[{}%#&]/.test(plain) ? `\\${plain}` : plain.replace(/[\u2061-\u2064\u200b]/g, '')
  }).join('')
}

/** As an operator with limits: `\sum`. */
export function operatorText(character: string): string {
  const name = SYMBOLS.get(character)
  return name === undefined ? character : `\\${name}`
}

const ACCENTS: Record<string, string> = {
  '\u0302': 'hat',
  '^': 'hat',
  '\u0303': 'tilde',
  '~': 'tilde',
  '\u0304': 'bar',
  '\u0305': 'overline',
  '¯': 'overline',
  '\u0307': 'dot',
  '\u0308': 'ddot',
  '\u20db': 'dddot',
  '\u030c': 'check',
  '\u0306': 'breve',
  '\u0301': 'acute',
  '\u0300': 'grave',
  '\u20d7': 'vec',
  '→': 'vec',
  '⏞': 'overbrace',
  '⏟': 'underbrace',
  '︷': 'overbrace',
  '︸': 'underbrace',
}

export function accentName(character: string): string | undefined {
  return ACCENTS[character]
}

const FUNCTIONS =
  /^(?:arccos|arcsin|arctan|arg|cos|cosh|cot|coth|csc|deg|det|dim|exp|gcd|hom|inf|ker|lg|lim|liminf|limsup|ln|log|max|min|Pr|sec|sin|sinh|sup|tan|tanh)$/

export function functionText(name: string): string {
  const plain = name.trim()
  if (FUNCTIONS.test(plain)) return `\\${plain}`
  return /^[A-Za-z]{2,}$/.test(plain) ? `\\operatorname{${plain}}` : name
}
