// A chart stands without this file. It tells the values at a place that a pointer, a finger or the arrow keys choose,
// and draws lines again on another scale: by Vega, which is loaded when a reader first touches such a chart.
"use strict";

{
  const here = document.currentScript.src;
  const TOP = 18, BOTTOM = 26, LINE = 15;
  const element = (name, kind, text) => {
    const made = document.createElement(name);
    made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const token = (name) => `var(--${name})`;
  const said = element("p", "sr");
  said.setAttribute("role", "status");

  let loading;
  const vega = () => loading ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = new URL("vega.js", here);
    script.onload = () => done(window.vegaEmbed);
    script.onerror = () => { loading = undefined; fail(new Error("vega.js")); };
    document.head.append(script);
  });

  for (const plot of document.querySelectorAll(".plot")) new class {
    slot = -1;
    row = 0;  // of a grid

    constructor() {
      // A chart may be drawn twice, for a desk and for a phone; the data of each stand in the same order.
      this.drawn = [...plot.querySelectorAll(":scope > svg.chart")];
      this.blocks = [...plot.querySelectorAll(":scope > script")].map((one) => one.textContent);
      if (!this.drawn.length || !this.blocks.length) return;
      this.read();
      this.over = element("div", "tip-over");
      this.over.setAttribute("aria-hidden", "true");
      plot.append(this.over);
      plot.tabIndex = 0;
      plot.setAttribute("role", "group");
      plot.setAttribute("aria-label", "Values of the chart, by the arrow keys");
      plot.addEventListener("pointermove", (event) => this.point(event));
      plot.addEventListener("pointerdown", (event) => this.point(event));
      plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") this.hide(); });
      plot.addEventListener("keydown", (event) => this.key(event));
      plot.addEventListener("blur", () => this.hide());
      document.addEventListener("pointerdown", (event) => { if (!plot.contains(event.target)) this.hide(); });
      new ResizeObserver(() => this.fit()).observe(plot);
      if (this.data.log) this.offer();
    }

    // -- where things stand ----------------------------------------------------------------------------------------

    read() {
      const at = Math.max(0, this.drawn.findIndex((svg) => svg.checkVisibility()));
      if (this.at === at) return;
      this.at = at;
      this.svg = this.drawn[at];
      this.data = JSON.parse(this.blocks[at] ?? this.blocks[0]);
      for (const one of this.data.series) one.values = one.values.map((value) => value === "" ? null : value);
      this.log ??= Boolean(this.data.log?.first);
    }

    get box() {
      const outer = plot.getBoundingClientRect(), inner = this.svg.getBoundingClientRect();
      return { left: inner.left - outer.left, top: inner.top - outer.top + TOP, width: inner.width, height: inner.height - TOP - BOTTOM, outer };
    }

    /** How far down a value stands, as a share of the height. */
    down(value) {
      const { low, high, log } = this.data;
      return this.log
        ? (Math.log(log.high) - Math.log(value)) / (Math.log(log.high) - Math.log(log.low))
        : (high - value) / (high - low);
    }

    // -- the values at a place -------------------------------------------------------------------------------------

    point(event) {
      const { left, top, width, height, outer } = this.box;
      const across = (event.clientX - outer.left - left) / width, down = (event.clientY - outer.top - top) / height;
      if (event.pointerType === "mouse" && (across < -0.03 || across > 1.03)) return this.hide();
      const rows = this.data.rows?.length ?? 1;
      let nearest = 0;
      this.data.x.forEach((x, n) => { if (Math.abs(x - across) < Math.abs(this.data.x[nearest] - across)) nearest = n; });
      this.show(nearest, Math.max(0, Math.min(rows - 1, Math.floor(down * rows))));
    }

    key(event) {
      const last = this.data.x.length - 1;
      const to = { ArrowLeft: this.slot < 0 ? last : Math.max(0, this.slot - 1), ArrowRight: Math.min(last, this.slot + 1), Home: 0, End: last }[event.key];
      if (event.target !== plot || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") return this.hide();
      const row = { ArrowUp: this.row - 1, ArrowDown: this.row + 1 }[event.key];
      if (to === undefined && (row === undefined || !this.data.rows?.[row])) return;
      event.preventDefault();
      this.show(to ?? Math.max(0, this.slot), row);
      if (!said.isConnected) document.body.append(said);
      said.textContent = [...this.over.querySelectorAll(".tip p, .tip li")].map((one) => one.textContent).join(". ");
    }

    hide() {
      this.slot = -1;
      this.over?.replaceChildren();
    }

    show(slot, row = this.row) {
      if (slot === this.slot && row === this.row) return;
      if (this.svg.classList.contains("lying")) return;  // each bar has its value beside it
      this.slot = slot;
      this.row = row;
      const { data, box } = this, x = box.left + data.x[slot] * box.width;
      const rule = element("div", data.rows ? "tip-field" : data.bars ? "tip-band" : "tip-rule");
      const wide = data.bars ? box.width / data.bars : 1, aside = Math.max(14, wide / 2 + 8);
      const tall = data.rows ? box.height / data.rows.length : box.height, top = box.top + (data.rows ? row * tall : 0);
      Object.assign(rule.style, { left: `${x - wide / 2}px`, top: `${top}px`, width: `${wide}px`, height: `${tall}px` });
      const parts = [rule];
      const stacked = data.stacked && !this.log;
      for (const one of data.series) {
        const value = one.values[slot];
        if (value === null || data.bars || (stacked && one.role !== "total") || (this.log && value <= 0)) continue;
        const dot = element("div", "tip-dot");
        Object.assign(dot.style, { left: `${x}px`, top: `${box.top + this.down(value) * box.height}px`, background: token(one.colour) });
        parts.push(dot);
      }
      const tip = this.tip(slot);
      this.over.replaceChildren(...parts, tip);
      const beside = x + aside + tip.offsetWidth <= box.outer.width ? x + aside : x - aside - tip.offsetWidth;
      tip.style.left = `${Math.max(0, Math.min(beside, box.outer.width - tip.offsetWidth))}px`;
      // On a phone it stands above the chart, where no finger is.
      const above = box.outer.width < 480 && box.outer.top + box.top > tip.offsetHeight + 8;
      tip.style.top = `${above ? box.top - tip.offsetHeight - 8 : top}px`;
    }

    tip(slot) {
      const { data } = this, tip = element("div", "tip"), list = element("ul", "");
      const partial = data.series.some((one) => one.partial.includes(slot));
      tip.append(element("p", "tip-h", data.rows ? data.rows[this.row] : data.labels[slot]));
      if (data.rows) {
        const row = element("li", "");
        row.append(element("span", "", data.labels[slot]), " ", element("b", "", data.texts[this.row][slot]));
        list.append(row);
      }
      // A stack is read from its top, and what it comes to last.
      const series = data.stacked && !this.log ? [...data.series].reverse() : [...data.series];
      series.sort((a, b) => (a.role === "total") - (b.role === "total"));
      for (const one of series) {
        if (one.values[slot] === null && data.series.length > 1) continue;
        const row = element("li", one.role === "total" ? "tip-total" : "");
        if (one.name) {
          const key = element("i", "tip-key");
          key.style.background = token(one.colour);
          row.append(key, element("span", "", one.name), " ");
        }
        row.append(element("b", "", one.texts[slot]));
        list.append(row);
      }
      if (data.totals?.[slot]) {
        const row = element("li", "tip-total");
        row.append(element("i", "tip-key"), element("span", "", "Total"), " ", element("b", "", data.totals[slot]));
        list.append(row);
      }
      tip.append(list);
      for (const [first, last, name] of data.targets) if (first <= slot && slot <= last) tip.append(element("p", "tip-n", name));
      if (partial) tip.append(element("p", "tip-n", "Partial: this period still runs"));
      return tip;
    }

    // -- another scale ---------------------------------------------------------------------------------------------

    offer() {
      const choice = element("span", "seg scale");
      choice.setAttribute("role", "group");
      choice.setAttribute("aria-label", "Scale");
      this.buttons = ["Linear", "Log"].map((name, log) => {
        const button = element("button", "", name);
        button.type = "button";
        button.addEventListener("click", () => this.choose(Boolean(log)));
        return button;
      });
      choice.append(...this.buttons);
      const head = plot.closest("figure")?.querySelector(".fig-h");
      if (head) head.append(choice);
      else plot.before(choice);
      this.pressed();
      for (const kind of ["pointerenter", "focusin"]) {
        for (const part of [plot, choice]) part.addEventListener(kind, () => { vega().catch(() => {}); }, { once: true });
      }
    }

    pressed() {
      this.buttons.forEach((button, log) => button.setAttribute("aria-pressed", String(this.log === Boolean(log))));
    }

    async choose(log) {
      if (log === this.log) return;
      this.log = log;
      this.hide();
      this.pressed();
      await this.draw();
    }

    fit() {
      this.read();
      this.hide();
      if (this.data.log && this.log !== Boolean(this.data.log.first)) this.draw();
    }

    /** The drawing of the page on the scale that it has, Vega's on the other one, in the same place. */
    async draw() {
      const away = () => {
        this.view?.finalize();
        this.view = undefined;
        this.canvas?.remove();
        for (const svg of this.drawn) svg.classList.remove("redrawn");
      };
      if (this.log === this.data.log.first) return away();
      let embed;
      try {
        embed = await vega();
      } catch {  // the file is gone: the page stays as it was
        this.log = this.data.log.first;
        return this.pressed();
      }
      const { left, top, width, height } = this.box;
      const canvas = element("div", "vega");
      canvas.setAttribute("aria-hidden", "true");
      Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
      const spec = this.spec(width, height);
      const made = await embed(canvas, spec, { mode: "vega-lite", ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: false, hover: false });
      away();
      if (this.log === this.data.log.first) return made.finalize();  // chosen back meanwhile
      this.view = made;
      this.canvas = canvas;
      // The labels of time stay, which are the lowest words, and above the chart the numbers of its notes.
      const words = [...this.svg.querySelectorAll(".over :is(text, circle)")];
      const place = (one) => Number(one.getAttribute("y") ?? one.getAttribute("cy"));
      const lowest = Math.max(...words.map(place));
      for (const one of words) one.classList.toggle("stays", place(one) > lowest - 1 || place(one) < 0);
      this.svg.classList.add("redrawn");
      plot.insertBefore(canvas, this.over);
    }

    spec(width, height) {
      const { data, log } = this, ends = log ? data.log : data;
      const across = { field: "x", type: "quantitative", scale: { domain: [0, 1], nice: false, zero: false }, axis: null };
      const scale = { type: log ? "log" : "linear", domain: [ends.low, ends.high], nice: false, ...log ? {} : { zero: false } };
      const up = (field = "v") => ({ field, type: "quantitative", scale, axis: null });
      const pixels = (field) => ({ field, type: "quantitative", scale: null, axis: null });
      const layer = (values, mark, encoding) => ({ data: { values }, mark: { tooltip: null, invalid: "break-paths-show-path-domains", ...mark }, encoding });
      const ticks = (log ? data.log.ticks : data.ticks).map(([v, label]) => ({ v, label }));
      const words = { type: "text", baseline: "middle", fill: token("label") };
      const bands = data.remarks.filter(([first, last]) => last > first).map(([x, x2]) => ({ x, x2 }));
      const notes = data.remarks.map(([first, last]) => ({ x: (first + last) / 2 }));
      const layers = [
        layer(bands, { type: "rect", color: token("sunken"), y: 0, y2: height }, { x: across, x2: { field: "x2" } }),
        layer(notes, { type: "rule", color: token("label"), strokeOpacity: 0.55, y: 0, y2: height }, { x: across }),
        layer(ticks, { type: "rule", color: token("grid"), strokeWidth: 1, x: 0, x2: width }, { y: up() }),
        layer(ticks, { ...words, align: "right", x: -10 }, { y: up(), text: { field: "label" } }),
        layer([{ y: height }], { type: "rule", color: token("axis"), strokeWidth: 1, x: 0, x2: width }, { y: pixels("y") }),
      ];
      const stacked = data.stacked && !log;
      const below = data.x.map(() => 0);
      const labels = [];
      for (const one of data.series) {
        const whole = one.role === "total";
        const at = one.values.map((value, n) => stacked && !whole && value !== null ? below[n] + value : value);
        const rows = data.x.map((x, n) => ({ x, v: at[n] !== null && (!log || at[n] > 0) ? at[n] : null, b: below[n] }));
        const colour = token(one.colour);
        if (stacked && !whole) {
          layers.push(layer(rows, { type: "area", fill: colour, stroke: token("surface"), strokeWidth: 0.75 }, { x: across, y: up(), y2: { field: "b" } }));
          one.values.forEach((value, n) => { below[n] += value ?? 0; });
        } else {
          // What is not final is dashed, and joined to what is.
          const open = (n) => one.partial.includes(n);
          const final = rows.map((row, n) => open(n) ? { ...row, v: null } : row);
          const rest = rows.filter((_, n) => open(n) || open(n + 1));
          const line = { type: "line", stroke: colour, strokeWidth: whole ? 2.25 : 2, strokeJoin: "round" };
          layers.push(layer(final, line, { x: across, y: up() }));
          if (rest.some((row) => row.v !== null)) layers.push(layer(rest, { ...line, strokeDash: [3, 4] }, { x: across, y: up() }));
        }
        const last = rows.findLast((row) => row.v !== null);
        if (last) {
          const middle = stacked && !whole ? (last.v + last.b) / 2 : last.v;
          labels.push({ y: this.down(middle) * height, colour, label: one.end });
        }
      }
      const open = stacked ? data.x.findIndex((_, n) => data.series.some((one) => one.role !== "total" && one.partial.includes(n))) : -1;
      if (open > 0) layers.push(layer([{ x: data.x[open - 1], x2: data.x.at(-1) }], { type: "rect", fill: token("surface"), opacity: 0.5, y: 0, y2: height }, { x: across, x2: { field: "x2" } }));
      // Targets hold from place to place, in ink and never dashed; what begins a level is named.
      for (const [first, last, v, name] of data.steps) {
        if (log && v <= 0) continue;
        layers.push(layer([{ x: first, x2: last, v }], { type: "rule", color: token("reference"), strokeWidth: 1.25 }, { x: across, x2: { field: "x2" }, y: up() }));
        if (name) layers.push(layer([{ x: first, v, name }], { ...words, fill: token("ink-2"), baseline: "bottom", align: "left", dy: -4 }, { x: across, y: up(), text: { field: "name" } }));
      }
      // On a phone the names stand in a key above the chart.
      if (!this.svg.classList.contains("narrow")) {
        const gap = Math.min(LINE, (height - 6) / Math.max(1, labels.length - 1));
        labels.sort((a, b) => a.y - b.y);
        labels.reduce((least, one) => (one.y = Math.max(one.y, least)) + gap, 4);
        labels.reduceRight((most, one) => (one.y = Math.min(one.y, most)) - gap, height - 2);
        const alone = labels.length === 1;
        for (const one of labels) {
          if (!alone) layers.push(layer([one], { type: "square", fill: one.colour, size: 64, opacity: 1, x: width + 14 }, { y: pixels("y") }));
          layers.push(layer([one], { ...words, fill: token("ink-2"), align: "left", x: width + (alone ? 9 : 21) }, { y: pixels("y"), text: { field: "label" } }));
        }
      }
      const font = getComputedStyle(plot).fontFamily;
      return {
        width, height, padding: 0, autosize: "none", background: null, layer: layers,
        config: { aria: false, font, view: { stroke: null }, text: { font, fontSize: 12 } },
      };
    }
  }();
}
