package carteiro.lookup;

/** A text that must not get into a log or an answer. */
final class Secret {
    private final String text;

    Secret(String text) {
        this.text = text;
    }

    /** The text, for the one place that needs it. */
    String reveal() {
        return text;
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
