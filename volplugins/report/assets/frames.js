// Where in physical memory the pages of a process are: a strip from the lowest address of the dump's memory to the highest.
const PARTS = { a: ['m-other', 'nothing of it'], b: ['m-few', 'up to 1 %'], c: ['m-half', 'up to 10 %'], d: ['m-most', 'up to half'], e: ['m-all', 'more than half'] };

// Neighbours that are alike: where they begin, how many shares of memory, which letter.
function frameRuns(text) {
  let place = 0;
  return [...text.matchAll(/(\d*)([a-e])/g)].map(([, count, letter]) => {
    const run = { place, count: Number(count || 1), letter };
    place += run.count;
    return run;
  });
}

function runText(run) {
  const from = data.shares[run.place];
  const next = data.shares[run.place + run.count];
  return `${next ? `${from} up to ${next}` : `${from} and above`}: ${PARTS[run.letter][1]} holds pages of this process`;
}

function physicalStrip(host, process) {
  if (!process.frames || !process.frames.pages) return;
  const runs = frameRuns(process.frames.shares);
  const told = make('div', { class: 'told dim' }, 'Point at a part, tap it, or go through them with the arrow keys.');
  const label = `Physical memory that holds pages of ${process.name}, low addresses first: ${runs.filter((run) => run.letter !== 'a').map(runText).slice(0, 8).join('; ')}`;
  const strip = make('div', { class: 'frames', role: 'img', tabindex: 0, 'aria-label': label }, runs.map((run, index) => {
    const part = make('div', { class: PARTS[run.letter][0], 'data-run': index, title: runText(run) });
    part.style.flexGrow = run.count;
    return part;
  }));
  const elsewhere = process.frames.outside ? `; ${counted(process.frames.outside, 'page')} outside of the memory that is described` : '';
  host.append(make('h4', {}, 'Physical memory'), strip, told, make('p', { class: 'note' }, framesLegend(),
    `${sized(process.frames.pages * 4096)} in memory${elsewhere}. Each part of the strip is the same amount of memory; a page that is mapped twice counts twice.`));
  let at = -1;
  const tell = (index) => {
    if (!runs[index]) return;
    at = index;
    strip.querySelectorAll('.hovered').forEach((one) => one.classList.remove('hovered'));
    strip.children[at].classList.add('hovered');
    told.textContent = runText(runs[at]);
    told.classList.remove('dim');
  };
  const pointed = (event) => tell(Number(event.target.dataset?.run ?? -1));
  strip.addEventListener('pointerover', pointed);
  strip.addEventListener('click', pointed);
  strip.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    tell(Math.min(Math.max(at + step, 0), runs.length - 1));
  });
}

function framesLegend() {
  return Object.values(PARTS).map(([kind, words]) => make('span', { class: 'key' }, make('i', { class: kind }), words));
}
