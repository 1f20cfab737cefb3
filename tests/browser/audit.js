// SPDX-License-Identifier: GPL-3.0-or-later
// What a screen reader and weak eyes need of a page: returns the faults as texts, together with how much was looked at.
() => {
  const faults = [];
  const about = node => node.tagName.toLowerCase() + "." + (node.getAttribute("class") || "") + " «" + node.textContent.trim().slice(0, 40) + "»";
  const shown = node => node.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const colour = text => {
    const canvas = colour.canvas || (colour.canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true}));
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const over = (top, below) => top.slice(0, 3).map((value, index) => value * top[3] / 255 + below[index] * (1 - top[3] / 255)).concat(255);
  const behind = node => {
    const layers = [];
    for (let here = node; here; here = here.parentElement) {
      const layer = colour(getComputedStyle(here).backgroundColor);
      layers.push(layer);
      if (layer[3] === 255) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 255]);
  };
  const light = rgb => rgb.slice(0, 3).map(value => value / 255).map(value => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [.2126, .7152, .0722][index], 0);
  const contrast = (one, two) => {
    const [high, low] = [light(one), light(two)].sort((a, b) => b - a);
    return (high + .05) / (low + .05);
  };

  // every text against what is behind it
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || node.closest("svg, script, style, .quiet") || !shown(node)) continue;
    texts += 1;
    const below = behind(node), ratio = contrast(over(colour(getComputedStyle(node).color), below), below);
    if (ratio < 4.5) faults.push("contrast " + ratio.toFixed(2) + " of " + about(node));
  }
  // every shape that says something
  let shapes = 0;
  for (const shape of document.querySelectorAll(".chip .icon, .verdict .icon, .tile .icon, .bar rect")) {
    if (!shown(shape)) continue;
    shapes += 1;
    const below = behind(shape.parentElement), ratio = contrast(over(colour(getComputedStyle(shape).fill), below), below);
    if (ratio < 3) faults.push("contrast " + ratio.toFixed(2) + " of a shape in " + about(shape.parentElement));
  }
  // every control has a name, a size that a finger meets, and an edge that can be seen
  for (const control of document.querySelectorAll("a, button, input, summary")) {
    if (!shown(control) && control.type !== "radio" || control.closest(".skip")) continue;
    const name = control.labels && control.labels.length ? Array.from(control.labels).map(label => label.textContent).join() : control.textContent;
    if (!name.trim()) faults.push("no name: " + about(control));
    const box = control.getBoundingClientRect();
    if (box.width && (box.height < 24 || box.width < 24)) faults.push("too small, " + box.width + "x" + box.height + ": " + about(control));
  }
  const search = document.getElementById("search");
  if (search && contrast(colour(getComputedStyle(search).borderTopColor), behind(search.parentElement)) < 3) faults.push("edge of the field");
  // headings, landmarks, language
  const levels = Array.from(document.querySelectorAll("h1, h2, h3, h4")).filter(shown).map(node => Number(node.tagName[1]));
  levels.forEach((level, index) => { if (level > (levels[index - 1] || 0) + 1) faults.push("heading " + level + " after " + levels[index - 1]); });
  if (levels.filter(level => level === 1).length !== 1) faults.push("not one h1");
  for (const role of ["header", "nav", "main", "footer"]) if (document.querySelectorAll(role).length !== 1) faults.push("not one " + role);
  if (!document.documentElement.lang || !document.title.trim()) faults.push("no language or title");
  for (const section of document.querySelectorAll("section")) {
    const title = document.getElementById(section.getAttribute("aria-labelledby"));
    if (!title || !title.textContent.trim()) faults.push("section without a name");
  }
  for (const table of document.querySelectorAll("table")) if (!table.caption || !table.caption.textContent.trim()) faults.push("no caption");
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window by " + (document.documentElement.scrollWidth - innerWidth));
  return {faults: Array.from(new Set(faults)), texts, shapes};
}
