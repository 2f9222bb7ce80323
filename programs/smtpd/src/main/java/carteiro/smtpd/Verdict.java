package carteiro.smtpd;

/** What a check says. */
sealed interface Verdict {
    /** Whose verdict it is. */
    PolicyRule rule();

    /**
     * Nothing is in the way.
     *
     * @param why for who asks how it came about
     */
    record GoOn(PolicyRule rule, String why) implements Verdict {}

    /** The client is told no; the log is told why. */
    sealed interface Refusal extends Verdict {
        Reply reply();

        /** What the log should know beyond the reply; may be empty. */
        String why();

        @Override
        default PolicyRule rule() {
            return reply().rule().orElseThrow();
        }
    }

    /** Never: 5xx. */
    record Refuse(Reply reply, String why) implements Refusal {}

    /** Not now: 4xx. */
    record NotNow(Reply reply, String why) implements Refusal {}

    /**
     * Never, and the conversation is over.
     *
     * @param how it ended, for the log
     */
    record RefuseAndEnd(Reply reply, String how) implements Refusal {
        @Override
        public String why() {
            return "";
        }
    }
}
