import type { Child } from "hono/jsx";

function Page(props: { title: string; head?: Child; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{props.title}</title>
        <link rel="stylesheet" href="/console.css" />
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        {props.head}
      </head>
      <body>{props.children}</body>
    </html>
  );
}

/** The chat with the assistant. The script fills it over a WebSocket. */
export function chatPage(assistant: string) {
  return (
    <Page title={assistant} head={<script type="module" src="/console.js" />}>
      <a class="skip" href="#text">
        Skip to the message field
      </a>
      <header>
        <h1>{assistant}</h1>
        <p id="connection" role="status">
          connecting …
        </p>
      </header>
      <main>
        <button id="older" type="button" hidden>
          Show older messages
        </button>
        <ol id="messages" role="log" aria-live="polite" aria-label="Conversation" tabindex={0} />
        <p id="activity" role="status" aria-live="polite" />
        <p id="problem" role="alert" />
      </main>
      <form id="composer">
        <label class="hidden" for="text">
          Message to {assistant}
        </label>
        <textarea
          id="text"
          rows={1}
          maxlength={32000}
          placeholder={`Message ${assistant}`}
          autocomplete="off"
        />
        <button id="stop" type="button" hidden>
          Stop
        </button>
        <button id="send" type="submit">
          Send
        </button>
      </form>
    </Page>
  );
}

/** What is shown without a session. */
export function loginPage(problem?: string) {
  return (
    <Page title="nanoflare">
      <main class="card">
        <h1>nanoflare</h1>
        {problem && <p role="alert">{problem}</p>}
        <p>
          This console opens with a one-time link. <code>npm start</code> prints one; so does{" "}
          <code>npx nanoflare login</code>.
        </p>
      </main>
    </Page>
  );
}

/** Goes on to the chat by itself. */
export function openingPage() {
  return (
    <Page title="nanoflare" head={<meta http-equiv="refresh" content="0;url=/" />}>
      <main class="card">
        <p>
          You are let in. <a href="/">Open the console</a>
        </p>
      </main>
    </Page>
  );
}
