// The call player: muted audio, a timeline and the transcript in step, and the summary with links to its turns.
//
// One plain function for two places: the Call page (a Streamlit component) and the offline HTML report. What was said is
// data: it is only ever put into the page as text (textContent), never as markup. The words come redacted, and the audio
// muted: there is no other kind here.

const mounted = new WeakMap();
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const SKIP_S = 5;
const TICKS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const ROLE_NAMES = { agent: "Agent", agent_2: "Second agent", customer: "Customer", ivr: "Recorded voice", unknown: "Unknown speaker" };
const KIND_NAMES = {
  silence: "Silence", hold: "Hold", music: "Music", ringback: "Ringing", ivr: "Recorded voice", voicemail_beep: "Voicemail beep",
  overlap: "Both talk", interruption: "Interruption", backchannel: "Backchannel", cooperative_overlap: "Helping overlap",
};

export default function callPlayer({ parentElement, data }) {
  const before = mounted.get(parentElement);
  if (before && before.key === data.key && before.root.isConnected) return before.stop;
  if (before) before.stop();
  const root = make("div", "player");
  root.dataset.call = data.view.call.call_id;
  parentElement.appendChild(root);
  const stop = build(root, data);
  const remove = () => { stop(); root.remove(); };
  mounted.set(parentElement, { key: data.key, root, stop: remove });
  return remove;
}

// --- Small helpers --------------------------------------------------------------------------------------------------

function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function roleName(role) {
  return ROLE_NAMES[role] || role;
}

function kindName(kind) {
  return KIND_NAMES[kind] || kind;
}

/** The last place whose start is not after `time`, by halving; -1 before the first. */
function lastStarted(starts, time) {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// --- The whole --------------------------------------------------------------------------------------------------------

function build(root, { view, audio, at }) {
  const state = { view, time: at || 0, duration: Math.max(view.duration_s || 0, 0.001), follow: true, words: [], turns: [] };
  state.audio = audio ? new Audio(audio) : null;
  const seek = (time, play = false) => {
    state.time = Math.min(Math.max(0, time), state.duration);
    if (state.audio) {
      state.audio.currentTime = state.time;
      if (play) state.audio.play();
    }
    show(true);
  };
  const toggle = () => {
    if (!state.audio) return;
    if (state.audio.paused) state.audio.play();
    else state.audio.pause();
  };
  const parts = [];
  const show = (moved = false) => { for (const part of parts) part(state, moved); };
  const controls = { seek, toggle, state };

  root.append(bar(controls, parts), timeline(controls, parts));
  const body = make("div", "body");
  body.append(transcript(controls, parts), notes(controls));
  root.append(body);

  root.addEventListener("keydown", (event) => keys(event, controls));
  let frame = 0;
  const tick = () => {
    state.time = state.audio.currentTime;
    show();
    frame = state.audio.paused ? 0 : requestAnimationFrame(tick);
  };
  if (state.audio) {
    state.audio.preload = "metadata";
    for (const name of ["play", "pause", "ended", "seeked"]) state.audio.addEventListener(name, () => { if (!frame) tick(); });
    state.audio.addEventListener("error", () => root.classList.add("silent"));
    if (at) state.audio.currentTime = at;
  }
  show(Boolean(at));
  return () => {
    cancelAnimationFrame(frame);
    if (state.audio) { state.audio.pause(); state.audio.removeAttribute("src"); state.audio.load(); }
  };
}

/** Space plays and pauses, left and right skip, up and down go from turn to turn. */
function keys(event, { seek, toggle, state }) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.altKey || event.metaKey || ["SELECT", "INPUT"].includes(target.tagName)) return;
  const turn = lastStarted(state.turns.map((item) => item.start), state.time + 0.001);
  const actions = {
    " ": () => toggle(),
    ArrowLeft: () => seek(state.time - SKIP_S),
    ArrowRight: () => seek(state.time + SKIP_S),
    ArrowUp: () => seek(state.turns[Math.max(0, turn - 1)]?.start ?? 0),
    ArrowDown: () => seek(state.turns[Math.min(state.turns.length - 1, turn + 1)]?.start ?? 0),
  };
  if (!actions[event.key] || (event.key === " " && target.tagName === "BUTTON")) return;
  event.preventDefault();
  actions[event.key]();
}

// --- Buttons ----------------------------------------------------------------------------------------------------------

function bar({ seek, toggle, state }, parts) {
  const element = make("div", "bar", "", { role: "toolbar", "aria-label": "Player" });
  const play = make("button", "play", "▶", { type: "button", "aria-label": "Play" });
  const back = make("button", "", `−${SKIP_S} s`, { type: "button", "aria-label": `Back ${SKIP_S} seconds` });
  const ahead = make("button", "", `+${SKIP_S} s`, { type: "button", "aria-label": `Ahead ${SKIP_S} seconds` });
  const time = make("span", "time", "", { "data-role": "time" });
  play.addEventListener("click", toggle);
  back.addEventListener("click", () => seek(state.time - SKIP_S));
  ahead.addEventListener("click", () => seek(state.time + SKIP_S));
  element.append(play, back, ahead, time);
  parts.push(() => {
    const playing = state.audio && !state.audio.paused;
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    time.textContent = `${clock(state.time)} / ${clock(Math.round(state.duration))}`;
  });
  if (!state.audio) {
    play.disabled = true;
    element.append(make("span", "hint", "No muted audio was kept of this call. To hear calls: callkit run --set audio.keep_muted=true"));
    return element;
  }
  const speed = make("select", "", "", { "aria-label": "Speed" });
  for (const value of SPEEDS) speed.append(make("option", "", `${value}×`, { value }));
  speed.value = "1";
  speed.addEventListener("change", () => { state.audio.playbackRate = Number(speed.value); });
  const label = make("label", "follow");
  const follow = make("input", "", "", { type: "checkbox" });
  follow.checked = true;
  follow.addEventListener("change", () => { state.follow = follow.checked; });
  label.append(follow, document.createTextNode("Follow"));
  element.append(speed, label, make("span", "hint", "Space plays · ← → 5 s · ↑ ↓ turn · click a word to hear it"));
  return element;
}

// --- Timeline ---------------------------------------------------------------------------------------------------------

function timeline({ seek, state }, parts) {
  const { view, duration } = state;
  const element = make("div", "timeline");
  const names = make("div", "lane-names");
  const lanes = make("div", "lanes", "", {
    role: "slider", tabindex: "0", "aria-label": "Position in the call", "aria-valuemin": "0", "aria-valuemax": String(Math.round(duration)),
  });
  const lane = (name, items, className = "") => {
    names.append(make("div", `lane-name ${className}`, name));
    const row = make("div", `lane ${className}`);
    row.append(...items);
    lanes.append(row);
  };
  const block = (start, end, className, title, style = {}) => {
    const item = make("div", `block ${className}`, "", title ? { title } : {});
    item.style.left = `${(start / duration) * 100}%`;
    item.style.width = `max(2px, ${((end - start) / duration) * 100}%)`;
    Object.assign(item.style, style);
    return item;
  };
  const spoken = (role) => view.spans.filter((span) => span.role === role)
    .map((span) => block(span.start, span.end, `role-${role}`, `${roleName(role)} ${clock(span.start)}–${clock(span.end)}`));
  for (const role of [...new Set(view.spans.map((span) => span.role))].sort()) lane(roleName(role), spoken(role));
  const segment = (part) => block(part.start, part.end, `event kind-${part.kind}`, `${kindName(part.kind)}, ${(part.end - part.start).toFixed(1)} s`);
  lane("Both talk", [
    ...view.segments.filter((part) => part.kind === "overlap").map(segment),
    ...view.interactions.filter((part) => part.kind === "interruption").map((part) =>
      block(part.start, part.start, "event mark", `Interruption by ${roleName(part.by_role).toLowerCase()} at ${clock(part.start)}`)),
  ]);
  lane("Nobody talks", view.segments.filter((part) => part.kind !== "overlap").map(segment));
  lane("Loudness", view.turns.filter((turn) => turn.loudness !== null).map((turn) => {
    const height = Math.min(100, Math.max(6, 50 + turn.loudness * 5));
    const title = `${roleName(turn.role)}: ${turn.loudness >= 0 ? "+" : "−"}${Math.abs(turn.loudness).toFixed(1)} dB against their usual`;
    return block(turn.start, turn.end, `rise role-${turn.role}`, title, { height: `${height}%` });
  }), "tall");
  lane("Sentiment", view.turns.filter((turn) => turn.score !== null).map((turn) => {
    const size = Math.max(2, Math.abs(turn.score) * 50);
    const place = turn.score >= 0 ? { bottom: "50%", height: `${size}%` } : { top: "50%", height: `${size}%` };
    return block(turn.start, turn.end, `mood mood-${turn.label}`, `${roleName(turn.role)}: ${turn.label}, ${turn.score.toFixed(2)}`, place);
  }), "tall middle");
  lane("Redacted", view.redactions.map((part) => block(part.start, part.end, "redaction", `${part.entity} ${clock(part.start)}`)));

  const axis = make("div", "axis");
  const step = TICKS_S.find((value) => duration / value <= 10) || 7200;
  for (let time = 0; time < duration; time += step) {
    const tick = make("span", "tick", clock(time));
    tick.style.left = `${(time / duration) * 100}%`;
    axis.append(tick);
  }
  names.append(make("div", "lane-name axis-name", "min:s"));
  const key = make("div", "key");
  const kinds = [...new Set(view.segments.map((part) => part.kind))].sort();
  for (const kind of kinds) key.append(keyOf(`event kind-${kind}`, kindName(kind)));
  if (view.interactions.some((part) => part.kind === "interruption")) key.append(keyOf("event mark", "Interruption"));
  if (view.redactions.length) key.append(keyOf("redaction", "Redacted"));
  key.append(keyOf("mood mood-negative", "Negative"), keyOf("mood mood-neutral", "Neutral"), keyOf("mood mood-positive", "Positive"));
  const head = make("div", "head");
  lanes.append(axis, head);
  lanes.addEventListener("click", (event) => {
    const box = lanes.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * duration);
  });
  parts.push(() => {
    head.style.left = `${(state.time / duration) * 100}%`;
    lanes.setAttribute("aria-valuenow", String(Math.round(state.time)));
    lanes.setAttribute("aria-valuetext", `${clock(state.time)} of ${clock(duration)}`);
  });
  element.append(names, lanes, key);
  return element;
}

/** What a colour or pattern of the timeline stands for. */
function keyOf(className, name) {
  const item = make("span", "key-item");
  item.append(make("span", `block ${className}`), document.createTextNode(name));
  return item;
}

// --- Transcript -------------------------------------------------------------------------------------------------------

function transcript({ seek, state }, parts) {
  const pane = make("div", "transcript", "", { role: "list", "aria-label": "Transcript", tabindex: "0" });
  for (const turn of state.view.turns) pane.append(turnElement(turn, state));
  if (!state.view.turns.length) pane.append(make("p", "hint", "Nobody speaks on this recording."));
  pane.addEventListener("click", (event) => {
    const target = event.target.closest("[data-start]");
    if (target && !String(getSelection())) seek(Number(target.dataset.start), true);
  });
  state.words.sort((one, other) => one.start - other.start); // turns overlap, and the search below halves
  const starts = state.words.map((word) => word.start);
  const turnStarts = state.turns.map((turn) => turn.start);
  let [nowWord, nowTurn] = [null, null];
  parts.push((_, moved) => {
    const word = state.words[lastStarted(starts, state.time + 0.02)] || null;
    if (word !== nowWord) {
      nowWord?.element.classList.remove("now");
      word?.element.classList.add("now");
      nowWord = word;
    }
    const turn = word ? state.turns[word.turn] : state.turns[lastStarted(turnStarts, state.time + 0.02)] || null;
    const playing = state.audio && !state.audio.paused;
    if (turn !== nowTurn || moved) {
      nowTurn?.element.removeAttribute("aria-current");
      turn?.element.setAttribute("aria-current", "true");
      nowTurn = turn;
      if (turn && (moved || (playing && state.follow))) bringIntoView(pane, turn.element);
    }
  });
  return pane;
}

/** Scroll the pane alone: scrollIntoView would move the whole page under the reader. */
function bringIntoView(pane, element) {
  const top = element.offsetTop - pane.offsetTop;
  if (top < pane.scrollTop + 20 || top + element.offsetHeight > pane.scrollTop + pane.clientHeight - 20) {
    pane.scrollTo({ top: Math.max(0, top - pane.clientHeight / 3), behavior: "smooth" });
  }
}

function turnElement(turn, state) {
  const mood = turn.label ? ` mood-${turn.label}` : "";
  const element = make("div", `turn role-${turn.role}${mood}`, "", { role: "listitem", "data-turn": turn.turn });
  const head = make("div", "turn-head");
  head.append(make("span", "who", roleName(turn.role)));
  const when = make("button", "when", clock(turn.start), { type: "button", "data-start": turn.start, "aria-label": `Play from ${clock(turn.start)}` });
  head.append(when);
  if (turn.label && turn.label !== "neutral") head.append(make("span", `feeling mood-${turn.label}`, turn.label, { title: `Sentiment ${turn.score.toFixed(2)}` }));
  if (turn.overlap > 0.2) head.append(make("span", "feeling", "both talk"));
  if (turn.role_confidence < 0.6) head.append(make("span", "feeling", "speaker uncertain", { title: `Sure to ${Math.round(turn.role_confidence * 100)} %` }));
  const text = make("p", "text", "", turn.language ? { lang: turn.language } : {});
  const place = state.turns.length;
  turn.words.forEach((word, number) => {
    if (number && state.view.spaced) text.append(document.createTextNode(" "));
    // The full stop after a chip is no part of what was redacted.
    const [, inside, after] = word.entity ? /^(\[[^\]]*\])(.*)$/s.exec(word.text) || ["", word.text, ""] : ["", word.text, ""];
    const span = make("span", word.entity ? "word chip" : "word", inside, { "data-start": word.start });
    if (word.entity) span.title = `${word.entity}: redacted`;
    else if (word.confidence < 0.5) { span.classList.add("unsure"); span.title = `Heard with ${Math.round(word.confidence * 100)} % confidence`; }
    state.words.push({ start: word.start, element: span, turn: place });
    text.append(span, document.createTextNode(after));
  });
  if (!turn.words.length) text.textContent = turn.text;
  element.append(head, text);
  if (turn.translation) element.append(make("p", "translation", turn.translation, { lang: "en" }));
  state.turns.push({ start: turn.start, element });
  return element;
}

// --- Summary ----------------------------------------------------------------------------------------------------------

function notes({ seek, state }) {
  const { summary } = state.view;
  const pane = make("div", "notes");
  const lines = (statements) => {
    for (const statement of statements) {
      const line = make("p", "statement", `${statement.text} `);
      if (statement.supported === false) line.append(make("span", "feeling", "not borne out by its turns"));
      line.append(turnLinks(statement.turns, seek, state));
      pane.append(line);
    }
  };
  const part = (title, statements) => {
    if (!statements.length) return;
    pane.append(make("h4", "", title));
    lines(statements);
  };
  if (!summary) {
    pane.append(make("p", "hint", "No summary was made of this call."));
    return pane;
  }
  const of = (kind) => summary.statements.filter((statement) => statement.kind === kind);
  if (summary.withheld) pane.append(make("p", "hint", `No summary: ${summary.withheld}.`));
  else part("Summary", of("summary").length ? of("summary") : [{ text: summary.summary, turns: summary.summary_turns }]);
  part("Issue", of("issue"));
  pane.append(make("h4", "", "Outcome"), make("p", `outcome outcome-${summary.outcome}`, summary.outcome_name));
  lines(of("outcome"));
  part("Actions", summary.actions.map((action) => ({ ...action, text: `${roleName(action.who)}: ${action.text}${action.due ? ` (${action.due})` : ""}` })));
  if (summary.chapters.length > 1) {
    pane.append(make("h4", "", "Chapters"));
    for (const chapter of summary.chapters) {
      const line = make("p", "statement");
      const link = make("button", "link", clock(chapter.start), { type: "button" });
      link.addEventListener("click", () => seek(chapter.start, true));
      line.append(link, document.createTextNode(` ${chapter.title}`));
      pane.append(line);
    }
  }
  return pane;
}

function turnLinks(turns, seek, state) {
  const links = make("span", "links");
  for (const number of turns) {
    const turn = state.turns[number];
    if (!turn) continue;
    const link = make("button", "link", clock(turn.start), { type: "button", "aria-label": `Go to the turn at ${clock(turn.start)}` });
    link.addEventListener("click", () => seek(turn.start, true));
    links.append(link);
  }
  return links;
}
