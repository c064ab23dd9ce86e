const items = [...document.querySelectorAll("#lista li")];
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
const words = items.map((item) => plain(item.textContent + " " + item.firstElementChild.dataset.assunto));
const byId = (id) => document.getElementById(id);
let current = null;
const shown = () => items.filter((item) => !item.hidden);
function choose(item) {
  if (!item) return;
  const link = item.firstElementChild;
  current?.firstElementChild.removeAttribute("aria-current");
  current = item;
  link.setAttribute("aria-current", "true");
  byId("assunto").textContent = link.dataset.assunto;
  byId("texto").href = link.dataset.texto;
  item.scrollIntoView({ block: "nearest" });
}
function step(by) {
  const list = shown();
  if (list.length === 0) return;
  const place = list.indexOf(current);
  const next = list[place < 0 ? 0 : (place + by + list.length) % list.length];
  choose(next);
  window.open(next.firstElementChild.href, "carta");
}
function search() {
  const wanted = plain(byId("busca").value).split(/\s+/).filter(Boolean);
  items.forEach((item, n) => { item.hidden = !wanted.every((word) => words[n].includes(word)); });
  const count = shown().length;
  byId("contagem").textContent = count === 1 ? "1 carta na lista" : count + " cartas na lista";
}
items.forEach((item) => item.addEventListener("click", () => choose(item)));
byId("antes").addEventListener("click", () => step(-1));
byId("depois").addEventListener("click", () => step(1));
byId("busca").addEventListener("input", search);
document.addEventListener("keydown", (event) => {
  if (event.target === byId("busca")) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
search();
choose(items[0]);
