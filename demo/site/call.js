// Calls X's API through this server, which signs each call with the token of whoever is signed in.

async function call(method, path, body) {
    const answer = await fetch("/x-api" + path, {
        method, body: body && JSON.stringify(body),
        headers: body ? {"Content-Type": "application/json"} : {}});
    const said = await answer.text();
    try {
        return `${answer.status}\n${JSON.stringify(JSON.parse(said), null, 4)}`;
    } catch {
        return `${answer.status}\n${said}`;
    }
}

async function show(element, body) {
    const {call: method, path} = element.dataset;
    const place = document.querySelector(`[data-answer="${method}"]`);
    place.hidden = false;
    place.textContent = "...";
    place.textContent = await call(method, path, body);
}

for (const button of document.querySelectorAll("button[data-call]")) {
    button.addEventListener("click", () => show(button).catch(console.error));
}
for (const form of document.querySelectorAll("form[data-call]")) {
    form.addEventListener("submit", event => {
        event.preventDefault();
        show(form, Object.fromEntries(new FormData(form))).catch(console.error);
    });
}
