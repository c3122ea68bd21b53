// The room in the browser: swaps the pieces that the server sends, and sends what people do. No library.
"use strict";
(() => {
  const me = document.body.dataset.me;
  const byId = (id) => document.getElementById(id);
  const box = byId("text");
  let socket = null;
  const first = new URLSearchParams(location.search).get("space");
  let open = first ? { space: first, may_write: false } : null;
  let reply = null;
  let waiting = 500;

  const say = (text) => { byId("said").textContent = text; };
  const send = (wish) => {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
    else say("The connection is gone for a moment; please try again.");
  };

  const atEnd = (element) => element.scrollHeight - element.scrollTop - element.clientHeight < 60;
  const show = (pieces) => {
    for (const [id, piece] of Object.entries(pieces)) {
      if (id === "open") { setOpen(piece); continue; }
      const element = byId(id);
      // The element that has the focus keeps it, found again by what it does.
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      const key = focused && focused.dataset.do ? selector(focused) : null;
      const follow = atEnd(element);
      element.innerHTML = piece;
      if (follow && (id === "talk" || id === "trainer")) element.scrollTop = element.scrollHeight;
      if (key) { const again = element.querySelector(key); if (again) again.focus(); }
    }
  };
  const selector = (element) => "button" + Object.entries(element.dataset)
    .filter(([name]) => name !== "text").map(([name, value]) => `[data-${name}="${CSS.escape(value)}"]`).join("");
  const setOpen = (now) => {
    const moved = !open || !now || open.space !== now.space;
    open = now;
    const may = Boolean(now && now.may_write);
    box.disabled = !may;
    byId("say").querySelector(".row button").disabled = !may;
    box.placeholder = may ? "Write a message; Enter sends" : "You can read here and not write";
    if (moved) { setReply(null); byId("talk").scrollTop = byId("talk").scrollHeight; }
  };
  const setReply = (to) => {
    reply = to;
    byId("reply").hidden = !to;
    byId("reply").firstElementChild.textContent = to ? `Answering ${to.name}` : "";
  };

  const connect = () => {
    socket = new WebSocket(`ws://${location.host}/room/live?as=${encodeURIComponent(me)}${open ? `&space=${encodeURIComponent(open.space)}` : ""}`);
    socket.onopen = () => { waiting = 500; say(""); };
    socket.onmessage = (event) => {
      const told = JSON.parse(event.data);
      if (told.show) show(told.show);
      if (told.refused) say(told.refused);
      if (told.done) say("");
    };
    socket.onclose = () => {
      say("The rehearsal does not answer; trying again…");
      setTimeout(connect, waiting);
      waiting = Math.min(waiting * 2, 10000);
    };
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    const { do: what, space, message, button: id, emoji, guild, name, text } = button.dataset;
    switch (what) {
      case "look": send({ do: what, space }); break;
      case "reply": setReply({ message, name }); box.focus(); break;
      case "react": send({ do: what, space, message, emoji }); break;
      case "click": send({ do: what, space, message, button: id }); break;
      case "edit": {
        const changed = window.prompt("Change your message", text);
        if (changed) send({ do: what, space, message, text: changed });
        break;
      }
      case "delete": case "report": send({ do: what, space, message }); break;
      case "join-voice": case "leave": send({ do: what, space }); break;
      case "leave-voice": send({ do: what, guild }); break;
      case "bot": send({ do: what }); break;
    }
  });

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.id === "say") {
      const text = box.value.trim();
      if (text && open) {
        send({ do: "say", space: open.space, text, ...(reply ? { reply_to: reply.message } : {}) });
        box.value = "";
        setReply(null);
      }
      return;
    }
    const data = new FormData(form);
    const wish = { do: form.dataset.do };
    if (form.dataset.space) wish.space = form.dataset.space;
    if (form.dataset.interaction) wish.interaction = form.dataset.interaction;
    if (wish.do === "submit") {
      wish.fields = Object.fromEntries(data);
      return done(wish, form);
    }
    for (const name of new Set(data.keys())) {
      if (name === "with") wish.with = data.getAll("with");
      else if (name === "private") wish.private = true;
      else wish[name] = data.get(name);
    }
    done(wish, form);
  });
  const done = (wish, form) => {
    send(wish);
    form.reset();
    const details = form.closest("details");
    if (details) details.open = false;
  };

  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("say").requestSubmit();
    }
    if (event.key === "Escape") setReply(null);
  });
  byId("unreply").addEventListener("click", () => setReply(null));
  for (const id of ["talk", "trainer"]) byId(id).scrollTop = byId(id).scrollHeight;
  connect();
})();
