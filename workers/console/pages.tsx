import type { Child } from "hono/jsx";
import { WhatsApp } from "./whatsapp.tsx";

/** First words for an empty chat; the model of an install without a key knows them too. */
const EXAMPLES = [
  "Remember that the bins go out on Tuesday",
  "What do you know?",
  "Remind me in 10 seconds to stretch",
  "Run ls",
];

function Page(props: { title: string; head?: Child; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <title>{props.title}</title>
        <link rel="stylesheet" href="/console.css" />
        <link rel="stylesheet" href="/messages.css" />
        <link rel="stylesheet" href="/panels.css" />
        <link rel="stylesheet" href="/tasks.css" />
        <link rel="stylesheet" href="/whatsapp.css" />
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
      <div>
        <Head assistant={assistant} />
        <Tasks />
        <WhatsApp />
      </div>
      <main id="view" tabindex={0} aria-label="Conversation">
        <div class="column">
          <button id="older" class="quiet" type="button" hidden>
            Show older messages
          </button>
          <Start assistant={assistant} />
          <div id="log" role="log" aria-live="off" aria-label="Messages">
            <ol id="messages" />
          </div>
          <div id="draft" class="message assistant" inert hidden>
            <div class="body" />
          </div>
        </div>
      </main>
      <Foot assistant={assistant} />
      <noscript>
        <p class="card">This page needs JavaScript. The terminal has the same chat: npx nanoflare agent</p>
      </noscript>
    </Page>
  );
}

function Head({ assistant }: { assistant: string }) {
  return (
    <header>
      <img src="/icon.svg" alt="" width={28} height={28} />
      <h1>{assistant}</h1>
      <p class="state">
        <span id="model" />
        <span id="connection" role="status">
          Connecting …
        </span>
      </p>
    </header>
  );
}

/** What is planned, with a countdown; shown once there is something. */
function Tasks() {
  return (
    <details id="tasks" class="panel" hidden>
      <summary>
        <span id="task-count" /> <span id="task-next" role="timer" />
      </summary>
      <ul id="task-list" tabindex={0} aria-label="Tasks" />
    </details>
  );
}

function Start({ assistant }: { assistant: string }) {
  return (
    <section id="start" aria-label="How to begin" hidden>
      <h2>Say something to {assistant}</h2>
      <p>It remembers what you tell it, keeps reminders and files, and runs commands. For example:</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li>
            <button class="quiet" type="button">
              {example}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Foot({ assistant }: { assistant: string }) {
  return (
    <footer>
      <p id="activity" role="status" />
      <p id="problem" role="alert" />
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
          enterkeyhint="send"
        />
        <button id="stop" class="quiet" type="button" hidden>
          Stop
        </button>
        <button id="send" type="submit">
          Send
        </button>
      </form>
    </footer>
  );
}

/** What is shown without a session. */
export function loginPage(problem?: string) {
  return (
    <Page title="Log in · nanoflare">
      <main class="card">
        <img src="/icon.svg" alt="" width={40} height={40} />
        <h1>nanoflare</h1>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <p>
          This console opens with a one-time link. <code>npm start</code> prints one in its terminal; this
          makes another:
        </p>
        <pre tabindex={0}>
          <code>npx nanoflare login</code>
        </pre>
      </main>
    </Page>
  );
}

/** Goes on to the chat by itself. */
export function openingPage() {
  return (
    <Page title="nanoflare" head={<meta http-equiv="refresh" content="0;url=/" />}>
      <main class="card">
        <h1>nanoflare</h1>
        <p>
          You are let in. <a href="/">Open the console</a>
        </p>
      </main>
    </Page>
  );
}
