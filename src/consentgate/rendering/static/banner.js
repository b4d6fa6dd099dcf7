// Puts the cookie banner first in <body>, for pages whose templates can't be edited.
(() => {
  const own = document.currentScript.src.replace(/\/banner\.js.*/, "");
  const load = (answered = location.hash === "#consentgate-done") => {
    const request = new XMLHttpRequest();
    const next = encodeURIComponent(location.pathname + location.search);
    request.open("GET", `${own}/banner?next=${next}`);
    request.responseType = "document"; // parsed as Trusted Types want it
    request.onload = () => {
      if (request.status !== 200) return;
      document.querySelectorAll(".consentgate-banner").forEach((old) => old.remove());
      const banner = request.response && request.response.querySelector(".consentgate-banner");
      if (!banner) return;
      document.body.prepend(banner);
      const form = banner.querySelector("form");
      if (form) {
        form.onsubmit = send;
      } else if (answered) {
        banner.classList.add("consentgate-shown");
        banner.querySelector(".consentgate-hide").onclick = (event) => {
          event.preventDefault();
          banner.remove();
        };
        banner.focus();
      }
    };
    request.send();
  };
  const send = (event) => {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter;
    const body = new URLSearchParams(new FormData(form));
    body.set(button.name, button.value);
    const fail = () => {
      form.onsubmit = null;
      form.requestSubmit(button);
    };
    // A button called "action" hides form.action. The redirect is to this page, which stays as it is.
    fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" })
      .then((answer) => (answer.type === "opaqueredirect" ? load(true) : fail()), fail);
  };
  if (document.body) load();
  else addEventListener("DOMContentLoaded", () => load());
  // A page kept by the back button may be older than the last answer.
  addEventListener("pageshow", (event) => {
    if (event.persisted) load();
  });
})();
