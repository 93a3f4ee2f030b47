/** A search over the samples. All can be read without it: the page's form is hidden until the script runs. */
export const SEARCH = `
'use strict';
const form = document.getElementById('search');
const box = document.getElementById('search-words');
const said = document.getElementById('search-found');
const all = document.getElementById('search-open');
const samples = [...document.querySelectorAll('.sample')];
const folded = (text) => text.normalize('NFKC').toLowerCase();
let texts;
const find = () => {
  texts ??= samples.map((sample) => folded(sample.textContent));
  const words = folded(box.value).split(/\\s+/).filter((word) => word !== '');
  let found = 0;
  samples.forEach((sample, i) => {
    sample.hidden = !words.every((word) => texts[i].includes(word));
    if (!sample.hidden) found++;
  });
  said.textContent = words.length === 0 ? samples.length + ' samples' : found + ' of ' + samples.length;
};
box.addEventListener('input', find);
form.addEventListener('submit', (event) => event.preventDefault());
all.addEventListener('click', () => {
  const open = samples.some((sample) => !sample.hidden && !sample.open);
  for (const sample of samples) if (!sample.hidden) sample.open = open;
  all.textContent = open ? 'Close all' : 'Open all';
});
if (samples.length > 0) {
  form.hidden = false;
  find();
}
`
