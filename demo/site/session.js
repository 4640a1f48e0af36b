// Says on the open page who is signed in. The page works without it, and so does the sign-in.

async function show() {
    const answer = await fetch("/twauth/session");
    if (!answer.ok) {
        return;
    }
    const session = await answer.json();
    for (const place of document.querySelectorAll("[data-name]")) {
        place.textContent = session.signed_in ? "@" + session.screen_name : "";
    }
    for (const place of document.querySelectorAll("[data-when]")) {
        place.hidden = place.dataset.when !== (session.signed_in ? "in" : "out");
    }
}

// Also when the browser brings the page back as it was before a sign-out.
addEventListener("pageshow", () => show().catch(console.error));
