// A thread of the picture opens its stack below itself, where the page has it. Thread ids are of one machine: each is one thread's.
const stackOf = new Map();
for (const group of [...data.processes.flatMap((process) => process.stacks), ...data.others]) {
  for (const thread of group.threads) stackOf.set(String(thread[0]), { ...group, threads: [thread] });
}
document.querySelectorAll('button.thread').forEach((button) => {
  const group = stackOf.get(button.dataset.tid);
  if (!group || !group.frames.length) {
    button.disabled = true;
    return;
  }
  button.setAttribute('aria-expanded', 'false');
  let shown = null;
  button.addEventListener('click', () => {
    const open = shown === null;
    button.setAttribute('aria-expanded', String(open));
    if (open) {
      shown = stackGroup(group);
      button.after(shown);
    } else {
      shown.remove();
      shown = null;
    }
  });
});
