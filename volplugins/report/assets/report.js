// The page of one dump.
const eachProcess = document.getElementById('each-process');
data.processes.forEach((process, index) => eachProcess.append(processElement(process, index)));
if (!data.processes.length) eachProcess.append(make('p', { class: 'none' }, 'No rows of any process.'));

// A row of the table of processes leads to the process itself.
function jumping(one) {
  const [pid, , name] = one.cells;
  const index = data.processes.findIndex((process) => String(process.pid) === String(pid) && process.name === name);
  if (index < 0) return;
  one.row.dataset.jump = String(index);
  pressable(one.row, () => {
    const element = document.getElementById(`process-${index}`);
    element.open = true;
    element.scrollIntoView({ block: 'start' });
  });
}

document.querySelectorAll('figure .memory').forEach((map) => {
  const told = make('div', { class: 'told dim' }, 'Point at the map, or tap it.');
  map.after(told);
  const tell = (event) => {
    const title = event.target.querySelector('title');
    if (title && event.target !== map) told.textContent = title.textContent;
  };
  map.addEventListener('pointerover', tell);
  map.addEventListener('click', tell);
});
// Browsers that cannot unfold the tree by its style: paper shows all of it.
addEventListener('beforeprint', () => {
  document.querySelectorAll('.branch:not([open])').forEach((one) => {
    one.dataset.folded = '';
    one.open = true;
  });
});
addEventListener('afterprint', () => {
  document.querySelectorAll('.branch[data-folded]').forEach((one) => {
    delete one.dataset.folded;
    one.open = false;
  });
});
document.querySelectorAll('[data-grid]').forEach((host) => {
  gridIn(host, data.tables[host.dataset.grid], host.dataset.grid === 'processes' ? { each: jumping } : {});
});
document.querySelectorAll('table.grid').forEach(enlivened);
const everyStack = [...data.processes.flatMap((process) => process.stacks), ...data.others];
flameGraph(document.getElementById('all-threads'), everyStack);
if (data.processes[0]?.crashed) eachProcess.firstElementChild.open = true;
