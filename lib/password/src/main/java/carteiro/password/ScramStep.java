package carteiro.password;

/** What follows from a message of SCRAM. */
public sealed interface ScramStep {
    /**
     * It goes on.
     *
     * @param message what is to be sent
     */
    record ScramContinues(String message) implements ScramStep {}

    /**
     * The other side has the password, or knows of it.
     *
     * @param message what a server still has to send; empty for a client
     * @param user the name, prepared by RFC 4013
     */
    record ScramSucceeds(String message, String user) implements ScramStep {}

    /**
     * It has failed; nothing follows.
     *
     * @param reason for the log; holds nothing of a password and nothing that the other side has chosen
     */
    record ScramFails(ScramError error, String reason) implements ScramStep {
        /** The server's last message, for protocols that send one. */
        public String message() {
            return "e=" + error.text();
        }
    }
}
