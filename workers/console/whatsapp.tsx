/** The WhatsApp account that the companion holds; shown once a companion was there. The script fills it. */
export function WhatsApp() {
  return (
    <details id="whatsapp" class="panel" hidden>
      <summary>
        <span>WhatsApp</span> <span id="whatsapp-state" role="status" />
      </summary>
      <div id="whatsapp-panel">
        <p id="whatsapp-help" />
        <div id="whatsapp-qr" role="img" aria-label="QR code to scan with the phone" hidden />
        <p id="whatsapp-code" hidden />
        <form id="whatsapp-link" hidden>
          <button id="whatsapp-scan" type="button">
            Link with a QR code
          </button>
          <label for="whatsapp-phone">or by a code to type, for the phone number</label>
          <input
            id="whatsapp-phone"
            type="tel"
            autocomplete="tel"
            placeholder="+49 151 2345678"
            maxlength={30}
            required
          />
          <button class="quiet" type="submit">
            Get a code
          </button>
        </form>
        <button id="whatsapp-logout" class="quiet" type="button" hidden>
          Log out
        </button>
        <p id="whatsapp-problem" role="alert" />
      </div>
    </details>
  );
}
