// What the page adds where a script may run: its age, and a button beside each command. All that matters is there without it.
(() => {
  const page = document.currentScript.closest(".rc"), age = page.querySelector(".rc-age");
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const tell = () => {
    const seconds = (Date.now() - Date.parse(age.dataset.judged)) / 1000;
    const [unit, size] = units.find(([, size]) => seconds >= size) || ["minute", 60];
    const count = Math.floor(seconds / size), is_ahead = seconds < -3600, is_old = seconds > 86400 || is_ahead;
    const span = `${count} ${unit}${count === 1 ? "" : "s"}`;
    age.textContent = count > 0 ? `This page is ${span} old.` : "This page was judged just now.";
    if (is_ahead) age.textContent = "This page is from a time to come, by this clock.";
    else if (is_old) age.textContent += " It says nothing about today: run the checks again.";
    age.classList.toggle("rc-old", is_old);
    age.hidden = false;
  };
  if (age) { tell(); setInterval(tell, 60000); }
  const fallback = code => {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject();
  };
  for (const block of page.querySelectorAll(".rc-do pre")) {
    const button = document.createElement("button"), code = block.firstChild;
    button.type = "button";
    button.className = "rc-copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command");
    button.onclick = () => {
      const text = code.textContent, say = word => { button.textContent = word; };
      const written = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject();
      const copied = written.catch(() => fallback(code));
      copied.then(() => say("Copied"), () => say("Select it"));
      setTimeout(say, 2000, "Copy");
    };
    block.append(button);
  }
})();
