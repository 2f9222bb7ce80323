package carteiro.control;

/** What the number of a setting counts. */
public enum SettingUnit {
    /** What the setting's meaning says. */
    COUNT(""),
    /** Octets. */
    OCTETS("octets"),
    /** Seconds. */
    SECONDS("seconds"),
    /** 1 is yes, 0 is no. */
    SWITCH("1 for yes, 0 for no"),
    /** The number of a user or group of the system. */
    ID("id");

    private final String text;

    SettingUnit(String text) {
        this.text = text;
    }

    /** Its name in docs/control; empty for {@link #COUNT}. */
    public String text() {
        return text;
    }
}
