"use strict";
// Shows the changes in portions, and filters them. Without it, the first of them are there all the same.
(() => {
  const PORTION = 60;
  const PRINTED = 1000;
  const [KIND, REMOVES, ASPECTS, TEXT, MARKUP] = [0, 1, 2, 3, 4];
  const by = (id) => document.getElementById(id);
  const rows = JSON.parse(by("data").textContent);
  const [list, more, count] = [by("list"), by("more"), by("count")];
  const [find, kind, aspect, removes] = [by("find"), by("kind"), by("aspect"), by("removes")];
  const number = (value) => value.toLocaleString("en");
  let matching = rows;
  let shown = 0;

  function fill(select, values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    for (const [value, times] of counts) select.add(new Option(`${value} (${number(times)})`, value));
    select.closest("label").hidden = counts.size < 2;
  }

  function show(portion) {
    const next = matching.slice(shown, shown + portion);
    list.insertAdjacentHTML("beforeend", next.map((row) => row[MARKUP]).join(""));
    shown += next.length;
    const left = matching.length - shown;
    more.hidden = left === 0;
    more.textContent = `Show ${number(Math.min(left, PORTION))} more of ${number(left)}`;
  }

  function tell() {
    const all = matching.length === rows.length;
    const one = matching.length === 1;
    count.textContent = all
      ? `${number(rows.length)} ${one ? "entry" : "entries"}`
      : `${number(matching.length)} of ${number(rows.length)} entries ${one ? "fits" : "fit"}`;
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = rows.filter(
      (row) =>
        (!kind.value || row[KIND] === kind.value) &&
        (!aspect.value || row[ASPECTS].includes(aspect.value)) &&
        (!removes.checked || row[REMOVES]) &&
        words.every((word) => row[TEXT].includes(word)),
    );
    list.replaceChildren();
    shown = 0;
    show(PORTION);
    tell();
  }

  let timer = 0;
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(filter, 150);
  }

  fill(kind, rows.map((row) => row[KIND]));
  fill(aspect, rows.flatMap((row) => row[ASPECTS]));
  removes.closest("label").hidden = !rows.some((row) => row[REMOVES]);
  document.querySelector(".filter").hidden = rows.length < 2;

  document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", soon);
  for (const control of [kind, aspect, removes]) control.addEventListener("change", filter);
  more.addEventListener("click", () => {
    const first = list.children.length;
    show(PORTION);
    const card = list.children[first];
    if (card) {
      card.tabIndex = -1;
      card.focus({ preventScroll: true });
    }
  });
  new IntersectionObserver(
    (seen) => {
      if (seen.some((entry) => entry.isIntersecting) && shown < matching.length) show(PORTION);
    },
    { rootMargin: "600px" },
  ).observe(more);

  // A line among the causes leads to the changes that it asks for.
  for (const place of document.querySelectorAll(".causes .at")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "at";
    button.textContent = place.textContent;
    button.title = "Show what this line changes";
    button.addEventListener("click", () => {
      find.value = place.textContent;
      kind.value = aspect.value = "";
      removes.checked = false;
      filter();
      by("changes").focus({ preventScroll: true });
      by("changes").scrollIntoView();
    });
    place.replaceWith(button);
  }

  // On paper everything is unfolded, as far as it is bearable.
  let folded = [];
  addEventListener("beforeprint", () => {
    if (shown < PRINTED) show(PRINTED - shown);
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });

  list.replaceChildren();
  show(PORTION);
  tell();
})();
