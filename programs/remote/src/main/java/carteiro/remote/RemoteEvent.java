package carteiro.remote;

import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What remote says in the log by itself; what became of a delivery is said by send. */
sealed interface RemoteEvent extends LogEvent {
    /** Encryption failed; the message goes in clear. */
    record TlsFailed(String host, String ip, String reason) implements RemoteEvent {
        @Override
        public String line() {
            return "remote: " + LogText.safe(host) + " (" + ip + "): STARTTLS failed: " + LogText.sentence(reason)
                    + "; trying again in clear";
        }
    }

    /** An address did not answer twice. */
    record HostDead(String ip) implements RemoteEvent {
        @Override
        public String line() {
            return "remote: " + ip + " does not answer: not tried again for about an hour";
        }
    }
}
