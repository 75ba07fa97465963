/* Conveniences of a page, which can be read without them. ctbench report puts this into it. */
"use strict";
(function () {
	const all = (what, within) => Array.from((within || document).querySelectorAll(what));
	const folds = all("section > details");
	const units = { Ki: 1 << 10, Mi: 1 << 20, Gi: 1 << 30, k: 1e3, M: 1e6, G: 1e9 };

	/* A link into a folded section opens it. */
	function unfold() {
		const at = location.hash && document.getElementById(location.hash.slice(1));
		const fold = at && at.querySelector("details");
		if (fold) {
			fold.open = true;
			at.scrollIntoView();
		}
	}
	addEventListener("hashchange", unfold);
	unfold();

	/* Nothing is folded on paper. */
	addEventListener("beforeprint", () => all("details").forEach(d => { d.open = true; }));

	const bar = document.querySelector("nav.bar");
	if (bar && folds.length > 1) {
		const button = document.createElement("button");
		button.textContent = "Fold all";
		button.addEventListener("click", () => {
			const fold = button.textContent === "Fold all";
			folds.forEach(d => { d.open = !fold; });
			button.textContent = fold ? "Unfold all" : "Fold all";
		});
		bar.append(button);
	}

	/* Marks the section that is being read. */
	const links = new Map(all("nav.bar a").map(a => [a.hash.slice(1), a]));
	const seen = new IntersectionObserver(list => {
		for (const one of list) {
			const link = links.get(one.target.id);
			if (!link || !one.isIntersecting)
				continue;
			links.forEach(a => a.removeAttribute("aria-current"));
			link.setAttribute("aria-current", "true");
			bar.scrollTo({ left: link.offsetLeft - bar.clientWidth / 2 });
		}
	}, { rootMargin: "-20% 0px -75% 0px" });
	all("section").forEach(s => seen.observe(s));

	/* 64Ki and 1.2..1.4 are sorted as numbers, other texts as words; empty cells come last. */
	function value(cell) {
		const number = /^[(x+-]*([0-9.]*[0-9])(Ki|Mi|Gi|k|M|G)?/.exec(cell.textContent);
		if (!number)
			return cell.textContent || undefined;
		return (cell.textContent[0] === "-" ? -1 : 1) * number[1] * (units[number[2]] || 1);
	}
	function order(a, b) {
		if (a === undefined || b === undefined)
			return (a === undefined) - (b === undefined);
		return typeof a === typeof b && typeof a === "number" ? a - b
			: String(a).localeCompare(String(b));
	}
	function sort(head) {
		const table = head.closest("table"), body = table.tBodies[0];
		const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
		const rows = Array.from(body.rows).map(row => [value(row.cells[head.cellIndex]), row]);
		rows.sort((a, b) => a[0] === undefined || b[0] === undefined ? order(a[0], b[0])
			: down * order(a[0], b[0]));
		body.append(...rows.map(r => r[1]));
		all("th", table).forEach(th => th.removeAttribute("aria-sort"));
		head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
	}
	all("table.sort thead th").forEach(th => {
		const button = document.createElement("button");
		button.append(...th.childNodes);
		button.addEventListener("click", () => sort(th));
		th.append(button);
	});
})();
