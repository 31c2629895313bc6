// A process's address space: a strip in the order of addresses, and a treemap whose areas are bytes.
const HUES = {
  Image: '#7fb2ea', Stack: '#f5b36b', Stack32: '#e39a49', Heap: '#8fd0a0', TEB: '#e0a3dd', TEB32: '#c987c6', PEB: '#c3a6f2',
  PEB32: '#a98bdc', MappedFile: '#7fd4d2', PageFileSection: '#b6cf6d', SharedData: '#d8c49a', Other: '#b9c0c8', Unknown: '#e3e08a',
};
const MEASURES = [['Commit', 'committed'], ['Size', 'size'], ['Resident', 'in memory'], ['InDump', 'in the dump']];

function regionsOf(process) {
  return unpacked('regions', process).map((cells) => Object.fromEntries(data.columns.regions.map((name, at) => [name, cells[at]])));
}

function hue(usage) {
  return HUES[usage] || '#c9ccd1';
}

function regionText(one) {
  const parts = [`${one.Start} to ${one.End}`, sized(one.Size), one.Usage, one.Type, one.State];
  if (one.Protect) parts.push(one.Actual && one.Actual !== one.Protect ? `${one.Protect} (in the page tables ${one.Actual})` : one.Protect);
  if (one.State !== 'MEM_FREE') parts.push(`committed ${sized(one.Commit)}, in memory ${sized(one.Resident)}, in the dump ${sized(one.InDump)}`);
  return [...parts, one.Detail, one.Note].filter(Boolean).join(' · ');
}

function executable(one) {
  return one.Type === 'MEM_PRIVATE' && String(one.Actual).includes('EXECUTE');
}

// The whole view: both drawings share one line of text and mark the same region.
function addressSpace(host, process) {
  const regions = regionsOf(process);
  const told = make('div', { class: 'told dim' }, 'Point at a region, or tap it.');
  const strip = make('div', { class: 'strip', role: 'img', 'aria-label': 'Address space, low addresses first' });
  const tree = make('div', { class: 'tree', role: 'img', 'aria-label': 'Address space by usage' });
  const buttons = MEASURES.map(([name, words]) => make('button', { type: 'button', 'data-measure': name }, words));
  const choose = (name) => {
    buttons.forEach((one) => one.setAttribute('aria-pressed', String(one.dataset.measure === name)));
    drawTree(tree, regions, name);
  };
  buttons.forEach((one) => one.addEventListener('click', () => choose(one.dataset.measure)));
  host.append(make('h4', {}, 'Address space'), strip, told, legend(regions), make('div', { class: 'tools' }, 'Areas by', buttons), tree);
  drawStrip(strip, regions);
  choose(regions.some((one) => one.Commit > 0) ? 'Commit' : 'Size');
  const tell = (event) => mark(host, told, regions, event.target.dataset?.region);
  for (const drawing of [strip, tree]) {
    drawing.addEventListener('pointerover', tell);
    drawing.addEventListener('click', tell);
  }
}

function mark(host, told, regions, index) {
  if (index === undefined) return;
  host.querySelectorAll('.hovered').forEach((one) => one.classList.remove('hovered'));
  host.querySelectorAll(`[data-region="${Number(index)}"]`).forEach((one) => one.classList.add('hovered'));
  told.textContent = regionText(regions[index]);
  told.classList.remove('dim');
}

// Width grows with the logarithm of the size: a page and a gigabyte both can be seen.
function drawStrip(strip, regions) {
  const unit = regions.length > 600 ? 1.5 : regions.length > 150 ? 3 : 6;
  strip.append(...regions.map((one, index) => {
    const part = make('div', { 'data-region': index });
    if (one.State === 'MEM_FREE') {
      part.classList.add('gap');
      return part;
    }
    part.style.width = `${unit * (1 + Math.log2(Math.max(1, one.Size / 4096)))}px`;
    part.style.backgroundColor = hue(one.Usage);
    part.classList.toggle('reserve', one.State === 'MEM_RESERVE');
    part.classList.toggle('executable', executable(one));
    return part;
  }));
}

function legend(regions) {
  const usages = [...new Set(regions.filter((one) => one.State !== 'MEM_FREE').map((one) => one.Usage))];
  const keys = usages.map((usage) => {
    const mark = make('i');
    mark.style.backgroundColor = hue(usage);
    return make('span', { class: 'key' }, mark, String(usage));
  });
  const note = 'The strip goes from low to high addresses, widths are not to scale; hatched: free; pale: reserved.';
  return make('p', { class: 'note' }, keys, regions.some(executable) ? `${note} Red edge: private and executable.` : note);
}

// Usages as rectangles, the regions of each within it.
function drawTree(tree, regions, measure) {
  tree.replaceChildren();
  const groups = new Map();
  regions.forEach((one, index) => {
    if (one.State === 'MEM_FREE' || !(one[measure] > 0)) return;
    const group = groups.get(one.Usage) || { usage: one.Usage, value: 0, parts: [] };
    group.value += one[measure];
    group.parts.push({ value: one[measure], index });
    groups.set(one.Usage, group);
  });
  if (!groups.size) {
    tree.append(make('p', { class: 'none' }, 'Nothing of this kind.'));
    return;
  }
  const [across, down] = [tree.clientWidth || 900, tree.clientHeight || 240];
  const wide = Math.max(1, across / down);
  for (const group of squarified([...groups.values()], { x: 0, y: 0, w: wide, h: 1 })) {
    for (const part of squarified(group.parts, group.box)) {
      const one = regions[part.index];
      const label = part.box.w * across > 70 * wide && part.box.h * down > 18 ? `${one.Usage} ${sized(one[measure])} ${one.Detail || ''}` : '';
      const box = make('div', { 'data-region': part.index }, label);
      place(box, part.box, wide);
      box.style.backgroundColor = hue(one.Usage);
      box.classList.toggle('executable', executable(one));
      tree.append(box);
    }
  }
}

function place(element, box, wide) {
  element.style.left = `${(100 * box.x) / wide}%`;
  element.style.width = `${(100 * box.w) / wide}%`;
  element.style.top = `${100 * box.y}%`;
  element.style.height = `${100 * box.h}%`;
}

// Rectangles for values in a box, each as near to a square as the order by size allows.
function squarified(parts, box) {
  const sorted = [...parts].sort((a, b) => b.value - a.value);
  let rest = sorted.reduce((sum, one) => sum + one.value, 0);
  let free = { ...box };
  for (let start = 0; start < sorted.length;) {
    const short = Math.min(free.w, free.h);
    const scale = (free.w * free.h) / rest;
    let end = start + 1;
    let sum = sorted[start].value;
    while (end < sorted.length && worst(sorted, start, end + 1, sum + sorted[end].value, scale, short) <= worst(sorted, start, end, sum, scale, short)) {
      sum += sorted[end].value;
      end += 1;
    }
    free = layRow(sorted.slice(start, end), sum, rest, free);
    rest -= sum;
    start = end;
  }
  return sorted;
}

function worst(sorted, start, end, sum, scale, short) {
  const area = sum * scale;
  const side = short * short;
  return Math.max((side * sorted[start].value * scale) / (area * area), (area * area) / (side * sorted[end - 1].value * scale));
}

// Puts a row along the shorter side; what is left of the box is returned.
function layRow(row, sum, rest, free) {
  const across = free.w >= free.h;
  const depth = (across ? free.w : free.h) * (sum / rest);
  let done = 0;
  for (const one of row) {
    const share = one.value / sum;
    one.box = across
      ? { x: free.x, y: free.y + done * free.h, w: depth, h: share * free.h }
      : { x: free.x + done * free.w, y: free.y, w: share * free.w, h: depth };
    done += share;
  }
  return across
    ? { x: free.x + depth, y: free.y, w: Math.max(0, free.w - depth), h: free.h }
    : { x: free.x, y: free.y + depth, w: free.w, h: Math.max(0, free.h - depth) };
}
