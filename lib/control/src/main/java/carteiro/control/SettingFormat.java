package carteiro.control;

/** How a control file is read (docs/control/README.md). */
public enum SettingFormat {
    /** The first line. */
    LINE("line"),
    /** The digits of the first line. */
    NUMBER("number"),
    /** Every line that is neither empty nor a comment. */
    LIST("list"),
    /** A list of {@code key:value}. */
    MAP("map"),
    /** Every octet: a form of its own. */
    TEXT("text"),
    /** Keys and certificates in PEM form, one after another; its lines may end in CR LF. */
    PEM("PEM"),
    /** A constant database. */
    CDB("cdb"),
    /** A line that is shown to nobody. */
    SECRET("line, never shown");

    private final String text;

    SettingFormat(String text) {
        this.text = text;
    }

    /** Its name in docs/control. */
    public String text() {
        return text;
    }
}
