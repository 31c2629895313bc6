// Threads by stack: groups of equal stacks, and all of them as a flame graph, outermost call on top.
const LINE = 20;
const SMALLEST = 0.0008;
const RINGS = { k: [28, 'kernel'], u: [208, 'user'], w: [282, '32-bit'] };

function frameName(number) {
  return data.frames[number]?.[1] ?? '?';
}

function frameRing(number) {
  return data.frames[number]?.[0] ?? '';
}

function ofCulprit(name) {
  const culprit = data.culprit.toLowerCase().replace(/\.(sys|exe|dll)$/, '');
  return Boolean(culprit) && culprit !== 'nt' && name.toLowerCase().split(/[!+]/)[0] === culprit;
}

function flameTree(groups) {
  const root = { name: 'all threads', ring: '', count: 0, children: new Map(), depth: 0 };
  for (const group of groups) {
    root.count += group.threads.length;
    let node = root;
    for (let at = group.frames.length - 1; at >= 0; at -= 1) {
      const name = frameName(group.frames[at]);
      node = child(node, name.includes('!') ? name.replace(/\+0x[0-9a-f]+$/, '') : name, frameRing(group.frames[at]));
      node.count += group.threads.length;
    }
  }
  return root;
}

function child(parent, name, ring) {
  const key = `${ring} ${name}`;
  if (!parent.children.has(key)) parent.children.set(key, { name, ring, count: 0, children: new Map(), parent, depth: parent.depth + 1 });
  return parent.children.get(key);
}

function flameGraph(host, groups) {
  const root = flameTree(groups);
  if (!root.count) {
    host.append(make('p', { class: 'none' }, 'No threads are known.'));
    return;
  }
  const told = make('div', { class: 'told dim' }, 'Point at a frame for its threads; click to enlarge it, click on top to go back.');
  const flame = make('div', { class: 'flame' });
  const keys = Object.entries(RINGS).map(([ring, [angle, words]]) => {
    const mark = make('i');
    mark.style.backgroundColor = `hsl(${angle} 75% 72%)`;
    return make('span', { class: 'key' }, mark, words);
  });
  if (data.culprit) {
    const mark = make('i');
    mark.style.backgroundColor = '#ef6a5e';
    keys.push(make('span', { class: 'key' }, mark, `${data.culprit} (blamed)`));
  }
  host.append(make('p', { class: 'note' }, keys, 'The outermost call is on top; width is the number of threads.'),
    make('div', { class: 'flame-box' }, flame), told);
  const draw = (node) => {
    flame.replaceChildren();
    let depth = 0;
    for (let up = node; up.parent; up = up.parent) bar(flame, up.parent, 0, 1, up.parent.depth, root, told, draw);
    const pending = [[node, 0, 1]];
    while (pending.length) {
      const [one, left, width] = pending.pop();
      depth = Math.max(depth, one.depth);
      bar(flame, one, left, width, one.depth, root, told, draw);
      let place = left;
      for (const inner of one.children.values()) {
        const share = (inner.count / node.count);
        if (share >= SMALLEST) pending.push([inner, place, share]);
        place += share;
      }
    }
    flame.style.height = `${(depth + 1) * LINE}px`;
  };
  draw(root);
}

function bar(flame, node, left, width, depth, root, told, draw) {
  const element = make('div', {}, node.name);
  element.style.left = `${100 * left}%`;
  element.style.width = `${100 * width}%`;
  element.style.top = `${depth * LINE}px`;
  element.style.backgroundColor = colour(node);
  element.addEventListener('pointerover', () => {
    told.textContent = `${node.name}: ${counted(node.count, 'thread')} of ${root.count} (${((100 * node.count) / root.count).toFixed(1)} %)`;
  });
  element.addEventListener('click', () => draw(node));
  flame.append(element);
}

function colour(node) {
  if (ofCulprit(node.name)) return '#ef6a5e';
  if (!RINGS[node.ring]) return '#cfd5db';
  let hash = 0;
  for (const letter of node.name.split(/[!+]/)[0]) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  return `hsl(${RINGS[node.ring][0] + (hash % 24) - 12} 75% ${66 + (hash % 5) * 3}%)`;
}

function stackGroups(host, groups) {
  const kept = groups.slice(0, 200);
  for (const group of kept) host.append(stackGroup(group));
  if (kept.length < groups.length) host.append(make('p', { class: 'note' }, `Left out here: ${counted(groups.length - kept.length, 'more stack')}.`));
}

function stackGroup(group) {
  const named = group.threads.slice(0, 40).map(([tid]) => tid).join(', ');
  const more = group.threads.length > 40 ? ` and ${group.threads.length - 40} more` : '';
  const states = [...new Set(group.threads.map(([, state, wait]) => [state, wait].filter(Boolean).join(': ')))].slice(0, 6).join(', ');
  const stops = [...new Set(group.threads.map((thread) => thread[3]).filter(Boolean))].slice(0, 6).join(', ');
  const title = make('div', {}, make('strong', {}, counted(group.threads.length, 'thread')), ` ${named}${more}`, make('span', { class: 'dim' }, ` ${states}`));
  const frames = group.frames.map((number, at) => {
    const name = frameName(number);
    const item = make('li', { class: ofCulprit(name) ? 'culprit' : group.trust[at] === 'scan' ? 'dim' : null }, name);
    item.title = `how it is known: ${group.trust[at] || 'not said'}`;
    return item;
  });
  const end = stops && stops !== 'end-of-stack' ? make('p', { class: 'note' }, `ends here: ${stops}`) : null;
  return make('div', { class: 'group' }, title, frames.length ? make('ol', { start: 0 }, frames) : null, end);
}
